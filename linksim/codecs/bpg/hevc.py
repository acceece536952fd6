"""One HEVC intra picture through PyAV: libx265 to encode, FFmpeg's decoder to decode."""

from fractions import Fraction
from functools import cache

import av
import numpy as np

from linksim.codecs.bpg import nal, sps
from linksim.codecs.bpg.container import C444, GREY, J420, J422, M420, M422
from linksim.codecs.errors import DecodeError
from linksim.common.errors import InputError, LinksimError

PIXEL_NAMES = {GREY: "gray", J420: "yuv420p", J422: "yuv422p", C444: "yuv444p", M420: "yuv420p", M422: "yuv422p"}
CHROMA_FORMAT_IDC = {GREY: 0, J420: 1, J422: 2, C444: 3, M420: 1, M422: 2}
HALVINGS = {GREY: (0, 0), J420: (1, 1), J422: (0, 1), C444: (0, 0), M420: (1, 1), M422: (0, 1)}
"""Whether chroma has half the (height, width)."""

# One picture, every parameter set in the stream, nothing in it that BPG drops, and the same bytes on every run
# (one thread, no wavefronts).
ENCODER_SETTINGS = (
    "qp={qp}:min-cu-size={min_cb}:keyint=1:repeat-headers=1:info=0:aud=0:hrd=0:"
    "frame-threads=1:pools=none:wpp=0:log-level=none"
)


@cache
def require_encoder() -> str:
    """Version of PyAV; `LinksimError` where its build has no HEVC encoder."""
    try:
        av.codec.Codec("libx265", "w")
    except Exception as error:
        raise LinksimError(
            f"PyAV {av.__version__} has no libx265, which BPG needs; install the wheel of `av` from PyPI"
        ) from error
    return str(av.__version__)


def encode(
    planes: list[np.ndarray], pixel_format: int, qp: int, preset: str, log2_min_cb: int
) -> tuple[sps.SpsFields, bytes]:
    """Encode one picture.

    Args:
        planes: uint8, luma `[height, width]` of whole coding blocks, then both chroma planes unless grey.
        pixel_format: GREY, J420, J422 or C444.
        qp: constant quantizer, 0..51.
        preset: of x265.
        log2_min_cb: smallest coding block, 3 or 4.

    Returns:
        The coding tools used, and the NAL units (PPS and slices) as BPG stores them.

    Raises:
        InputError: x265 takes no picture of this shape, e.g. 8192 x 24.
        LinksimError: PyAV has no x265.
    """
    require_encoder()
    height, width = planes[0].shape
    context = av.codec.Codec("libx265", "w").create("video")
    context.width, context.height, context.pix_fmt = width, height, PIXEL_NAMES[pixel_format]
    context.time_base = Fraction(1, 25)
    context.thread_count = 1
    settings = ENCODER_SETTINGS.format(qp=qp, min_cb=1 << log2_min_cb)
    context.options = {"preset": preset, "tune": "ssim", "x265-params": settings}
    try:
        packets = [*context.encode(_frame(planes, PIXEL_NAMES[pixel_format])), *context.encode(None)]
    except av.FFmpegError as error:  # no HEVC level has very long and narrow pictures
        raise InputError(f"image: x265 does not encode {width} x {height} pixels; crop or resize it") from error
    units = nal.split(b"".join(bytes(packet) for packet in packets))
    fields, size = sps.read_full(nal.payload(next(unit for unit in units if nal.kind(unit) == nal.SPS)))
    if size != (height, width) or fields.log2_min_cb != log2_min_cb:
        raise LinksimError(f"x265 coded {size} with blocks of 2^{fields.log2_min_cb}, asked was {height, width}")
    kept = [unit for unit in units if nal.kind(unit) == nal.PPS or nal.kind(unit) in nal.INTRA_SLICES]
    return fields, nal.START_CODE.join(kept)


def _frame(planes: list[np.ndarray], pixel_name: str) -> av.VideoFrame:
    frame = av.VideoFrame(planes[0].shape[1], planes[0].shape[0], pixel_name)
    for target, plane in zip(frame.planes, planes, strict=True):
        rows = np.zeros((plane.shape[0], target.line_size), np.uint8)
        rows[:, : plane.shape[1]] = plane
        target.update(rows.tobytes())
    return frame


def decode(
    fields: sps.SpsFields, stream: bytes, pixel_format: int, height: int, width: int, strict: bool
) -> list[np.ndarray]:
    """Decode one picture.

    Args:
        fields: coding tools from the short SPS.
        stream: NAL units of the BPG file; those of other layers, and parameter sets that would announce another
            size, are left out.
        pixel_format: GREY to M422.
        height, width: true size, pixels.
        strict: refuse a stream in which the decoder notices damage, instead of showing what it concealed.

    Returns:
        uint8 planes of the true size; chroma rounded up to whole samples.

    Raises:
        DecodeError: the decoder shows no picture of this size and format.
    """
    block = 1 << fields.log2_min_cb
    coded_height, coded_width = -(-height // block) * block, -(-width // block) * block
    full = sps.write_full(fields, CHROMA_FORMAT_IDC[pixel_format], coded_height, coded_width)
    units = [nal.build(nal.VPS, sps.write_vps()), nal.build(nal.SPS, full)]
    for unit in nal.split(stream):
        if nal.layer(unit) == 0 and (nal.kind(unit) == nal.PPS or nal.kind(unit) in nal.INTRA_SLICES):
            units.append(unit)
    frame = _first_frame(b"".join(nal.START_CODE + unit for unit in units), strict)
    if (frame.height, frame.width, frame.format.name) != (coded_height, coded_width, PIXEL_NAMES[pixel_format]):
        raise DecodeError(f"the HEVC stream shows {frame.width} x {frame.height} {frame.format.name}")
    cropped = []
    for number, plane in enumerate(frame.planes):
        down, right = HALVINGS[pixel_format] if number else (0, 0)
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        cropped.append(rows[: (height + down) >> down, : (width + right) >> right].copy())
    return cropped


def _first_frame(stream: bytes, strict: bool) -> av.VideoFrame:
    context = av.codec.Codec("hevc", "r").create("video")
    context.thread_count = 1
    if strict:
        context.options = {"err_detect": "explode"}
    try:
        frames = [*context.decode(av.Packet(stream)), *context.decode(None)]
    except (av.FFmpegError, ValueError, IndexError) as error:
        raise DecodeError(f"the HEVC decoder refused the stream: {error}") from error
    if not frames:
        raise DecodeError("the HEVC decoder found no picture in the stream")
    return frames[0]
