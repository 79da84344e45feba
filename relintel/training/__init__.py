"""Training the reading model; needs the extra ``train``."""
