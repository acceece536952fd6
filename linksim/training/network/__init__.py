"""The trainable VQ-VAE in Keras: normalization, quantizer, receivers, losses, and the model that joins them."""
