"""Files as payload bits, and back.

The link fills the last block with zeros, and a receiver that knows how many blocks were scheduled does not know where
in the last one the file ends. Nothing needs to be signalled: a JPEG file ends in the marker FF D9 and a BPG file in
an HEVC NAL unit, whose last byte holds the stop bit (ITU-T H.265, 7.3.2.11), so neither ends in a zero byte, and
taking the zeros off the end gives the file exactly.
"""

import numpy as np

from linksim.link import Reception


def file_bits(data: bytes) -> np.ndarray:
    """Bits of a file, most significant first: uint8 0/1 `[8 len(data)]`."""
    return np.unpackbits(np.frombuffer(data, np.uint8))


def received_file(reception: Reception, may_end_in_zeros: bool = False) -> bytes:
    """The file as the receiver finds it in the blocks: payload and filler, without the zero bytes at the end.

    Of a format whose files may end in zeros, the filler stays.
    """
    data = np.packbits(np.pad(reception.bits, (0, reception.ledger.filler_bits))).tobytes()
    return data if may_end_in_zeros else data.rstrip(b"\0")
