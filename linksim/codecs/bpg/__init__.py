"""BPG: one HEVC intra picture behind a small header. True `.bpg` bytes, both ways.

The encoder is x265 inside PyAV, set as the reference encoder `bpgenc` sets it; `linksim.codecs.bpg.reference` calls
the reference programs themselves. PyAV is BSD-3, the x265 in its wheels GPL-2; HEVC is covered by patents in some
countries.
"""

import numpy as np

from linksim.codecs.bpg import chroma as chroma_filters
from linksim.codecs.bpg import color, container, hevc, sps
from linksim.codecs.checks import check_choice, check_image, check_integer
from linksim.codecs.errors import DecodeError, check_size

QPS = range(52)
"""Quantizers, best picture first."""

CHROMA = ("420", "422", "444", "grey", "rgb")
PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo")
VERSION = 1
"""Of this encoder's settings and filters: raised when they change the bytes, so that kept encodes are not reused."""

MAX_SIDE = 8192
"""Longest side x265 encodes at any level, in pixels."""

MIN_CODED_SIDE = 16
PIXEL_FORMATS = {
    "420": container.J420,
    "422": container.J422,
    "444": container.C444,
    "grey": container.GREY,
    "rgb": container.C444,
}

__all__ = ["CHROMA", "PRESETS", "QPS", "DecodeError", "decode", "decode_partial", "encode"]


def encode(image: np.ndarray, qp: int, chroma: str = "420", preset: str = "veryslow") -> bytes:
    """Encode an image as a complete BPG file.

    `qp` is x265's constant quantizer, as for `bpgenc -q`; the one picture, an I picture, is coded at qp - 3. The two do
    not give the same file: at the same qp this one is 4 to 19 % larger and 0.3 to 0.6 dB better, so compare them at the
    same size.

    Args:
        image: uint8 `[height, width, 3]`, RGB, sides up to 8192.
        qp: 0 (best picture) to 51 (smallest file).
        chroma: `420`, `422`, `444` (BT.601, full range), `grey` (luma alone) or `rgb` (planes as they are).
        preset: x265's; `veryslow` is the reference encoder's, `medium` costs about 3 % more bytes.

    Returns:
        The file, header included; the same bytes on every run.

    Raises:
        InputError: an argument outside these ranges, or a picture too long and narrow for HEVC (8192 x 24).
    """
    check_image(image)
    check_integer("image height", image.shape[0], 1, MAX_SIDE)
    check_integer("image width", image.shape[1], 1, MAX_SIDE)
    check_integer("qp", qp, QPS[0], QPS[-1])
    check_choice("chroma", chroma, CHROMA)
    check_choice("preset", preset, PRESETS)
    height, width = image.shape[:2]
    # x265 wants 16 pixels a side; a decoder rounds the true size up to the smallest block, so that grows with it.
    log2_min_cb = 4 if -(-min(height, width) // 8) * 8 < MIN_CODED_SIDE else 3
    block = 1 << log2_min_cb
    pixel_format = PIXEL_FORMATS[chroma]
    down, right = hevc.HALVINGS[pixel_format]
    planes = [
        _pad(plane, block >> (down if number else 0), block >> (right if number else 0))
        for number, plane in enumerate(_planes(image, chroma))
    ]
    fields, stream = hevc.encode(planes, pixel_format, int(qp), preset, log2_min_cb)
    space = container.RGB if chroma == "rgb" else container.YCBCR_601
    return container.build(
        container.BpgFile(pixel_format, space, False, width, height, sps.write_short(fields), stream)
    )


def _planes(image: np.ndarray, chroma: str) -> list[np.ndarray]:
    if chroma == "rgb":
        return [image[..., 1], image[..., 2], image[..., 0]]
    luma, blueness, redness = color.ycbcr_from_rgb(image)
    if chroma == "grey":
        return [color.round_plane(luma)]
    colors = [chroma_filters.subsample(plane, PIXEL_FORMATS[chroma]) for plane in (blueness, redness)]
    return [color.round_plane(plane) for plane in (luma, *colors)]


def _pad(plane: np.ndarray, rows: int, columns: int) -> np.ndarray:
    return np.pad(plane, ((0, -plane.shape[0] % rows), (0, -plane.shape[1] % columns)), mode="edge")


def decode(data: bytes, expected_size: tuple[int, int] | None = None) -> np.ndarray:
    """Decode a BPG file of any encoder: uint8 `[height, width, 3]`, RGB. Alpha and extensions are dropped.

    Damage inside the slice, even a missing end, often goes unnoticed by the decoder: only a CRC can say that the
    bytes are intact.

    Args:
        data: the file.
        expected_size: (height, width) that the picture must have; None accepts any size up to `MAX_PIXELS`.

    Raises:
        DecodeError: not a BPG file, of another size, found damaged, or of a kind that is not supported (more than
            8 bits a sample, animation, CMYK).
    """
    return _decode(data, expected_size, strict=True)


def decode_partial(data: bytes, expected_size: tuple[int, int]) -> np.ndarray:
    """Decode what an ordinary decoder shows of a truncated or damaged file, errors concealed its own way.

    Args:
        data: the file as received.
        expected_size: (height, width) that the receiver knows.

    Returns:
        uint8 `[height, width, 3]`.

    Raises:
        DecodeError: the headers are too damaged to show anything of this size.
    """
    return _decode(data, expected_size, strict=False)


def decode_planes(
    data: bytes, expected_size: tuple[int, int] | None = None, strict: bool = True
) -> tuple[container.BpgFile, list[np.ndarray]]:
    """The header and the planes as coded: uint8, luma of the true size, chroma of its own. Raises `DecodeError`."""
    file = container.parse(data)
    check_size(file.height, file.width, expected_size)
    fields = sps.read_short(file.short_sps)
    return file, hevc.decode(fields, file.stream, file.pixel_format, file.height, file.width, strict)


def _decode(data: bytes, expected_size: tuple[int, int] | None, strict: bool) -> np.ndarray:
    file, planes = decode_planes(data, expected_size, strict)
    full = [planes[0]]
    full += [chroma_filters.upsample(p, file.pixel_format, file.height, file.width) for p in planes[1:]]
    return color.rgb_from_planes(full, file.color_space, file.limited_range)
