"""Symbols in, equalized symbols out, over OFDM: resource grid, channel, pilots, channel estimate, LMMSE equalizer."""
