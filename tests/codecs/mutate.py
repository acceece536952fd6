"""Random damage to files: flipped bits, changed, missing, repeated and foreign bytes, cut ends."""

import numpy as np


def mutate(data: bytes, random: np.random.Generator) -> bytes:
    """`data` with one to four random pieces of damage; half of them in the first 40 bytes, where the headers are."""
    damaged = bytearray(data)
    for _ in range(random.integers(1, 5)):
        if not damaged:
            break
        end = min(len(damaged), 40) if random.random() < 0.5 else len(damaged)
        at = int(random.integers(end))
        match random.integers(6):
            case 0:
                damaged[at] ^= 1 << int(random.integers(8))
            case 1:
                damaged[at] = int(random.integers(256))
            case 2:
                del damaged[at : at + int(random.integers(1, 9))]
            case 3:
                damaged[at:at] = random.bytes(int(random.integers(1, 9)))
            case 4:
                damaged[at:at] = damaged[at : at + int(random.integers(1, 33))]
            case 5:
                del damaged[at:]
    return bytes(damaged)
