"""Indices of a learned codebook in streams and back: the semantic scheme and the protection of its bits."""
