"""What compiled passes are made of: rows of lanes, and the random numbers of NumPy."""
