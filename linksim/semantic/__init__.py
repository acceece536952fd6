"""Images in, features out, and back: the networks in use, their checkpoints and cards."""
