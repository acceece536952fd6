"""Symbols in, equalized symbols or their LLRs out: mapping, fading, noise, channel estimates, demapping, capacity."""
