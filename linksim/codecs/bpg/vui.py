"""Video usability information of an SPS (H.265, E.2.1): read over, to reach what follows it."""

from linksim.codecs.bpg.bits import BitReader
from linksim.codecs.errors import DecodeError

EXTENDED_SAR = 255


def skip_vui(bits: BitReader) -> None:
    """Move `bits` behind `vui_parameters()`; `DecodeError` where it holds HRD parameters."""
    if bits.u(1) and bits.u(8) == EXTENDED_SAR:
        bits.u(32)
    if bits.u(1):
        bits.u(1)  # overscan
    if bits.u(1):
        bits.u(4)  # video format and range
        if bits.u(1):
            bits.u(24)  # primaries, transfer, matrix
    if bits.u(1):
        bits.ue()  # chroma sample location of the two fields
        bits.ue()
    bits.u(3)  # neutral chroma, field sequence, frame field information
    if bits.u(1):
        for _ in range(4):  # default display window
            bits.ue()
    if bits.u(1):
        bits.u(64)  # clock
        if bits.u(1):
            bits.ue()
        if bits.u(1):
            raise DecodeError("the encoder's stream has HRD parameters; switch them off")
    if bits.u(1):
        bits.u(3)
        for _ in range(5):  # bitstream restrictions
            bits.ue()
