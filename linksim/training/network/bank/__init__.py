"""The VQ-VAE of several states in Keras: what each state has of its own, and the model that trains one state a step."""
