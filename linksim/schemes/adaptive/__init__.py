"""A scheme whose code and variant are chosen at each average SNR, and the search for the choice."""
