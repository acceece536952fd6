"""A recipe with several states in, a checkpoint of each state out: codebooks that share one encoder and decoder."""
