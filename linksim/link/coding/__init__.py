"""Information bits in, coded bits out, and LLRs back to information bits: CRC, 5G LDPC, its decoders."""
