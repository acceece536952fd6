"""A codebook in, its usage, distortion and best size out, as tables and figures."""
