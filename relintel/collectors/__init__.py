"""Sources read into `Message`s: one file per format, streaming, with a cursor each."""
