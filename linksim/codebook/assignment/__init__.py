"""Which codeword gets which label: orders of a codebook in which likely bit errors do little harm."""
