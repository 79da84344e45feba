"""Reading: messages in, what they show toward each brand out."""
