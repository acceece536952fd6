"""Sequence parameter sets: BPG's short form, and the full one of HEVC (H.265, clause 7.3.2.2)."""

from dataclasses import dataclass

from linksim.codecs.bpg.bits import BitReader, BitWriter
from linksim.codecs.bpg.vui import skip_vui
from linksim.codecs.errors import DecodeError

N_RANGE_FLAGS = 9
FORBIDDEN_RANGE_FLAGS = (3, 4, 6, 8)
"""Explicit RDPCM, extended precision, high-precision offsets and CABAC bypass alignment: not allowed in BPG."""


@dataclass(frozen=True)
class SpsFields:
    """The coding tools of a picture, as far as BPG leaves a choice. Sizes are log2 of luma samples.

    `pcm` is (luma depth - 1, chroma depth - 1, log2 min - 3, log2 difference, loop filter disabled) or None;
    `range_flags` are the flags of `sps_range_extension` in order, or None.
    """

    log2_min_cb: int
    log2_diff_cb: int
    log2_min_tb: int
    log2_diff_tb: int
    depth_intra: int
    sao: int
    pcm: tuple[int, int, int, int, int] | None
    strong_intra_smoothing: int
    range_flags: tuple[int, ...] | None

    def __post_init__(self) -> None:
        log2_ctb, log2_max_tb = self.log2_min_cb + self.log2_diff_cb, self.log2_min_tb + self.log2_diff_tb
        good = 4 <= log2_ctb <= 6 and self.log2_min_tb < self.log2_min_cb and log2_max_tb <= min(5, log2_ctb)
        if not good or self.depth_intra > log2_ctb - self.log2_min_tb:
            raise DecodeError("the picture's block sizes are outside those of HEVC")
        if self.range_flags and any(self.range_flags[i] for i in FORBIDDEN_RANGE_FLAGS):
            raise DecodeError("the picture uses range extensions that BPG does not allow")


def _read_pcm(bits: BitReader) -> tuple[int, int, int, int, int] | None:
    return (bits.u(4), bits.u(4), bits.ue(), bits.ue(), bits.u(1)) if bits.u(1) else None


def _write_pcm(bits: BitWriter, pcm: tuple[int, int, int, int, int] | None) -> None:
    bits.u(int(pcm is not None))
    if pcm is not None:
        bits.u(pcm[0], 4)
        bits.u(pcm[1], 4)
        bits.ue(pcm[2])
        bits.ue(pcm[3])
        bits.u(pcm[4])


def _read_extension(bits: BitReader) -> tuple[int, ...] | None:
    if not bits.u(1):
        return None
    has_range_flags, others = bits.u(1), bits.u(7)
    if others:
        raise DecodeError("the picture uses HEVC extensions that BPG does not allow")
    return tuple(bits.u(1) for _ in range(N_RANGE_FLAGS)) if has_range_flags else None


def _write_extension(bits: BitWriter, range_flags: tuple[int, ...] | None) -> None:
    bits.u(int(range_flags is not None))
    if range_flags is not None:
        bits.u(0b1000_0000, 8)
        for flag in range_flags:
            bits.u(flag)


def read_short(data: bytes) -> SpsFields:
    """Parse BPG's short SPS; `DecodeError` where it is cut or its values are impossible."""
    bits = BitReader(data)
    sizes = bits.ue() + 3, bits.ue(), bits.ue() + 2, bits.ue(), bits.ue()
    return SpsFields(*sizes, bits.u(1), _read_pcm(bits), bits.u(1), _read_extension(bits))


def write_short(fields: SpsFields) -> bytes:
    """BPG's short SPS: no stop bit, no emulation prevention."""
    bits = BitWriter()
    for value in (fields.log2_min_cb - 3, fields.log2_diff_cb, fields.log2_min_tb - 2, fields.log2_diff_tb):
        bits.ue(value)
    bits.ue(fields.depth_intra)
    bits.u(fields.sao)
    _write_pcm(bits, fields.pcm)
    bits.u(fields.strong_intra_smoothing)
    _write_extension(bits, fields.range_flags)
    return bits.padded()


def read_full(rbsp: bytes) -> tuple[SpsFields, tuple[int, int]]:
    """Parse the SPS of an intra-only encoder.

    Returns:
        The coding tools and the coded size (height, width).

    Raises:
        DecodeError: it has parts that BPG's short form cannot express.
    """
    bits = BitReader(rbsp)
    bits.u(4)
    if bits.u(3):
        raise DecodeError("the encoder's stream has temporal layers, which BPG does not allow")
    bits.u(1 + 96)  # nesting flag, profile, tier and level
    bits.ue()
    if bits.ue() == 3:
        bits.u(1)  # separate planes
    width, height = bits.ue(), bits.ue()
    if bits.u(1):
        raise DecodeError("the encoder's stream has a conformance window, which BPG does not allow")
    for _ in range(3):  # two bit depths, length of the picture order count
        bits.ue()
    bits.u(1)
    for _ in range(3):  # picture buffers of the one sub-layer
        bits.ue()
    sizes = bits.ue() + 3, bits.ue(), bits.ue() + 2, bits.ue()
    bits.ue()  # depth_inter
    depth_intra = bits.ue()
    if bits.u(1):
        raise DecodeError("the encoder's stream has scaling lists, which BPG does not allow")
    bits.u(1)  # asymmetric partitions: inter pictures only
    sao, pcm = bits.u(1), _read_pcm(bits)
    if bits.ue() or bits.u(1):
        raise DecodeError("the encoder's stream has reference picture sets, which BPG does not allow")
    bits.u(1)
    strong = bits.u(1)
    if bits.u(1):
        skip_vui(bits)
    return SpsFields(*sizes, depth_intra, sao, pcm, strong, _read_extension(bits)), (height, width)


def _write_profile(bits: BitWriter) -> None:
    bits.u(4, 8)  # main tier, profile 4: range extensions
    bits.u(1 << 27, 32)  # compatible with profile 4
    bits.u(0b1001, 4)  # progressive, not interlaced, not packed, frames only
    bits.u(0b000000_111, 9)  # Main 4:4:4 16 Still Picture: intra, one picture, lower bit rate
    bits.u(0, 35)
    bits.u(255, 8)  # level without limits


def write_vps() -> bytes:
    """RBSP of the video parameter set that decoders want to see before the SPS."""
    bits = BitWriter()
    bits.u(0b0000_11, 6)  # id 0; base layer inside and available
    bits.u(0, 9)  # one layer, one sub-layer
    bits.u(1)
    bits.u(0xFFFF, 16)
    _write_profile(bits)
    bits.u(1)
    for _ in range(3):
        bits.ue(0)
    bits.u(0, 6)
    bits.ue(0)
    bits.u(0b00, 2)  # no timing, no extension
    return bits.with_stop_bit()


def write_full(fields: SpsFields, chroma_format_idc: int, height: int, width: int) -> bytes:
    """RBSP of the SPS a standard decoder needs; `height` and `width` are the coded size in pixels."""
    bits = BitWriter()
    bits.u(0b0000_000_1, 8)
    _write_profile(bits)
    bits.ue(0)
    bits.ue(chroma_format_idc)
    if chroma_format_idc == 3:
        bits.u(0)
    bits.ue(width)
    bits.ue(height)
    bits.u(0)
    bits.ue(0)  # 8 bits luma
    bits.ue(0)  # 8 bits chroma
    bits.ue(4)  # log2_max_poc_lsb 8
    bits.u(1)
    for _ in range(3):
        bits.ue(0)
    for value in (fields.log2_min_cb - 3, fields.log2_diff_cb, fields.log2_min_tb - 2, fields.log2_diff_tb):
        bits.ue(value)
    bits.ue(fields.depth_intra)
    bits.ue(fields.depth_intra)
    bits.u(0)
    bits.u(1)
    bits.u(fields.sao)
    _write_pcm(bits, fields.pcm)
    bits.ue(0)
    bits.u(0)
    bits.u(1)
    bits.u(fields.strong_intra_smoothing)
    bits.u(0)
    _write_extension(bits, fields.range_flags)
    return bits.with_stop_bit()
