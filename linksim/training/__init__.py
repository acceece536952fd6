"""Images in, a checkpoint out: the trainable VQ-VAE, its losses, the loop."""
