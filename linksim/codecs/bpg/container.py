"""The BPG file header: fixed fields, sizes, extensions and short SPS (BPG specification 0.9.8)."""

from dataclasses import dataclass

from linksim.codecs.bpg.bits import BitReader, BitWriter
from linksim.codecs.errors import DecodeError

MAGIC = b"BPG\xfb"
GREY, J420, J422, C444, M420, M422 = range(6)
"""Values of `pixel_format`; J: chroma in the middle of its pixels as in JPEG, M: on the left one as in MPEG-2."""

YCBCR_601, RGB, YCGCO, YCBCR_709, YCBCR_2020 = range(5)
"""Values of `color_space`."""


@dataclass(frozen=True)
class BpgFile:
    """The header of a BPG file without animation.

    Attributes:
        pixel_format: GREY to M422.
        color_space: YCBCR_601 to YCBCR_2020.
        limited_range: luma in 16..235 and chroma in 16..240 instead of 0..255.
        width, height: true size, pixels.
        short_sps: the colour picture's abbreviated sequence parameter set.
        stream: HEVC NAL units behind it, no start code before the first.
    """

    pixel_format: int
    color_space: int
    limited_range: bool
    width: int
    height: int
    short_sps: bytes
    stream: bytes


def ue7(value: int) -> bytes:
    """`value` in big-endian groups of 7 bits, the top bit set on all but the last: 542 is `84 1e`."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(0x80 | value & 0x7F)
    return bytes(reversed(groups))


class _Cursor:
    def __init__(self, data: bytes):
        self.data = data
        self.position = 0

    def take(self, n_bytes: int) -> bytes:
        if n_bytes > len(self.data) - self.position:
            raise DecodeError("the BPG header ends too early")
        self.position += n_bytes
        return self.data[self.position - n_bytes : self.position]

    def ue7(self) -> int:
        value = 0
        for count in range(5):
            byte = self.take(1)[0]
            if count == 0 and byte == 0x80:
                raise DecodeError("the BPG header holds a number that is not in its shortest form")
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                if value >= 1 << 32:
                    break
                return value
        raise DecodeError("the BPG header holds a number of more than 32 bits")


def parse(data: bytes) -> BpgFile:
    """Read a BPG file's header; nothing is decoded, no memory is taken for the picture.

    Alpha planes and extensions are skipped.

    Raises:
        DecodeError: not a BPG file, or one of a kind that is not supported (CMYK, more than 8 bits, animation).
    """
    cursor = _Cursor(bytes(data))
    if cursor.data[:4] != MAGIC:
        raise DecodeError("not a BPG file: it does not begin with 42 50 47 fb")
    cursor.position = 4
    bits = BitReader(cursor.take(2))
    pixel_format, alpha1, depth = bits.u(3), bits.u(1), bits.u(4) + 8
    color_space, extension, alpha2, limited, animation = bits.u(4), bits.u(1), bits.u(1), bits.u(1), bits.u(1)
    if pixel_format > M422 or color_space > YCBCR_2020 or (pixel_format == GREY and color_space != YCBCR_601):
        raise DecodeError(f"BPG pixel format {pixel_format} with color space {color_space} does not exist")
    if color_space == RGB and pixel_format != C444:
        raise DecodeError("BPG with RGB planes must be 4:4:4")
    if depth != 8:
        raise DecodeError(f"BPG with {depth} bits a sample; only 8 are supported")
    if animation:
        raise DecodeError("animated BPG is not supported")
    if alpha2 and not alpha1:
        raise DecodeError("CMYK BPG is not supported")
    width, height = cursor.ue7(), cursor.ue7()
    length = cursor.ue7()
    if extension:
        cursor.take(cursor.ue7())
    if length:
        cursor.data = cursor.data[: cursor.position + length]
    if alpha1:
        cursor.take(cursor.ue7())
    short_sps = cursor.take(cursor.ue7())
    stream = cursor.data[cursor.position :]
    return BpgFile(pixel_format, color_space, bool(limited), width, height, short_sps, stream)


def build(file: BpgFile) -> bytes:
    """The bytes of a BPG file: no alpha, no extension, 8 bits a sample."""
    bits = BitWriter()
    bits.u(file.pixel_format, 3)
    bits.u(0, 5)  # no alpha1, 8 bits
    bits.u(file.color_space, 4)
    bits.u(file.limited_range << 1, 4)  # no extension, no alpha2, no animation
    sizes = ue7(file.width) + ue7(file.height) + ue7(0)  # 0: the data goes to the end of the file
    return MAGIC + bits.padded() + sizes + ue7(len(file.short_sps)) + file.short_sps + file.stream
