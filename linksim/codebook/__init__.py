"""Features in, indices and their bits out, and back: labels, transmitters, receivers, theory.

NumPy alone, no networks.
"""
