"""HEVC NAL units: Annex B byte stream, header, emulation prevention (H.265, 7.3.1 and Annex B)."""

START_CODE = b"\x00\x00\x01"
VPS, SPS, PPS = 32, 33, 34
INTRA_SLICES = range(16, 22)
"""NAL types of slices in pictures without references to earlier ones (BLA, IDR, CRA)."""


def split(stream: bytes) -> list[bytes]:
    """NAL units of an Annex B stream, whose first start code may be missing."""
    units = [unit.rstrip(b"\x00") for unit in stream.split(START_CODE)]
    return [unit for unit in units if len(unit) > 2]


def kind(unit: bytes) -> int:
    """`nal_unit_type`."""
    return unit[0] >> 1 & 0x3F


def layer(unit: bytes) -> int:
    """`nuh_layer_id`."""
    return (unit[0] & 1) << 5 | unit[1] >> 3


def payload(unit: bytes) -> bytes:
    """The unit's RBSP: header and emulation prevention removed."""
    return unit[2:].replace(b"\x00\x00\x03", b"\x00\x00")


def build(nal_type: int, rbsp: bytes) -> bytes:
    """A NAL unit of layer 0 with emulation prevention."""
    unit = bytearray([nal_type << 1, 1])
    zeros = 0
    for byte in rbsp:
        if zeros >= 2 and byte <= 3:
            unit.append(3)
            zeros = 0
        unit.append(byte)
        zeros = 0 if byte else zeros + 1
    return bytes(unit)
