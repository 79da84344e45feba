"""Text on its way in: HTML to text, parts of a mail by offset, normalising, language."""
