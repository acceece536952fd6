"""BPG: round trips, what it costs, other encoders' variants, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import psnr, smooth_picture

from linksim.codecs import DecodeError, bpg
from linksim.codecs.bpg import chroma, color, container, nal, sps
from linksim.codecs.bpg.bits import BitReader, BitWriter
from linksim.common.errors import InputError


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(16, 512),
    width=st.integers(16, 384),
    kind=st.sampled_from(bpg.CHROMA),
    seed=st.integers(0, 99),
)
def test_round_trip_of_any_size(height: int, width: int, kind: str, seed: int) -> None:
    image = smooth_picture(height, width, seed)
    data = bpg.encode(image, 8, kind, preset="ultrafast")
    shown = bpg.decode(data, (height, width))
    assert shown.shape == image.shape
    wanted = image
    if kind == "grey":
        wanted = np.repeat(color.round_plane(color.ycbcr_from_rgb(image)[0])[..., None], 3, axis=-1)
    assert psnr(shown, wanted) > 40


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (8, 8), (8, 64), (15, 9), (65, 9)])
def test_round_trip_below_16_pixels(size: tuple[int, int]) -> None:
    image = smooth_picture(*size, seed=1)
    assert psnr(bpg.decode(bpg.encode(image, 4, "444"), size), image) > 42


def test_same_bytes_every_time_and_finer_at_lower_qp(photograph: np.ndarray) -> None:
    image = np.ascontiguousarray(photograph[:128, 200:328])
    files = [bpg.encode(image, qp) for qp in (20, 30, 40)]
    assert files[1] == bpg.encode(image, 30)
    sizes = [len(file) for file in files]
    quality = [psnr(bpg.decode(file), image) for file in files]
    assert sizes == sorted(sizes, reverse=True)
    assert quality == sorted(quality, reverse=True)


def test_beats_jpeg_at_equal_bytes(photograph: np.ndarray) -> None:
    from linksim.codecs import jpeg
    from linksim.codecs.bpg_codec import BpgCodec
    from linksim.codecs.cache import EncodeCache

    image = np.ascontiguousarray(photograph[:256, :256])
    other = jpeg.encode(image, 20)
    ours = BpgCodec(preset="medium", cache=EncodeCache(None)).best(image, len(other))
    assert ours is not None
    assert psnr(bpg.decode(ours.data), image) > psnr(jpeg.decode(other), image) + 1.5


def test_alpha_and_extensions_are_skipped() -> None:
    image = smooth_picture(40, 56, seed=3)
    data = bpg.encode(image, 20, "444")
    file = container.parse(data)
    alpha = nal.build(nal.PPS, b"\xaa\xbb\xcc")
    alpha = bytes([alpha[0], alpha[1] | 8]) + alpha[2:]  # layer 1
    stream = alpha + nal.START_CODE + file.stream
    flags = bytes([data[4] | 0x10, data[5] | 0x08])
    sizes = container.ue7(56) + container.ue7(40)
    extension = b"\x01" + container.ue7(3) + b"abc"
    parameters = container.ue7(len(file.short_sps)) + file.short_sps
    body = parameters + parameters + stream
    rebuilt = (
        container.MAGIC + flags + sizes + container.ue7(len(body)) + container.ue7(len(extension)) + extension + body
    )
    np.testing.assert_array_equal(bpg.decode(rebuilt + b"behind the picture"), bpg.decode(data))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: b"JPEG" + data[4:], "not a BPG"),
        (lambda data: data[:4] + bytes([data[4] | 2]) + data[5:], "10 bits"),
        (lambda data: data[:5] + bytes([data[5] | 1]) + data[6:], "animated"),
        (lambda data: data[:5] + bytes([data[5] | 4]) + data[6:], "CMYK"),
        (lambda data: data[:4] + bytes([0xE0]) + data[5:], "does not exist"),
        (lambda data: data[:5] + bytes([0x10]) + data[6:], "must be 4:4:4"),
        (lambda data: data[:6] + container.ue7(1 << 20) + container.ue7(1 << 20) + data[8:], "at most"),
        (lambda data: data[:6] + b"\x80\x30" + data[7:], "shortest"),
        (lambda data: data[:6] + b"\xff\xff\xff\xff\xff\x7f", "32 bits"),
        (lambda data: data[:8], "too early"),
        (lambda data: data[:20], "HEVC decoder"),
        (lambda data: b"", "not a BPG"),
    ],
)
def test_refusals_say_why(change, said: str) -> None:
    data = bpg.encode(smooth_picture(32, 48, seed=0), 30, "420", preset="ultrafast")
    with pytest.raises(DecodeError, match=said):
        bpg.decode(change(data))


def test_another_size_than_expected_is_refused_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bpg.encode(smooth_picture(32, 48, seed=0), 30, preset="ultrafast")
    monkeypatch.setattr(bpg.hevc, "decode", lambda *arguments: pytest.fail("decoded"))
    for decoder in (bpg.decode, bpg.decode_partial):
        with pytest.raises(DecodeError, match="48 x 32 pixels, expected were 32 x 48"):
            decoder(data, (48, 32))


def test_partial_shows_the_upper_part_of_a_truncated_file(photograph: np.ndarray) -> None:
    image = np.ascontiguousarray(photograph[:256, :256])
    data = bpg.encode(image, 25, preset="medium")
    whole, partial = bpg.decode(data), bpg.decode_partial(data[: len(data) * 6 // 10], (256, 256))
    np.testing.assert_array_equal(partial[:48, :], whole[:48, :])
    assert psnr(partial[192:], whole[192:]) < 25


@pytest.mark.parametrize("pixel_format", [container.J420, container.J422, container.M420, container.M422])
def test_chroma_filters_keep_ramps(pixel_format: int) -> None:
    """A linear ramp sampled at the format's chroma positions comes back, away from the edges."""
    y, x = np.mgrid[:40, :60].astype(np.float64)
    ramp = 40 + 2.0 * x + 1.5 * y
    rows = slice(None) if pixel_format in (container.J422, container.M422) else slice(None, None, 2)
    down = 0 if pixel_format in (container.J422, container.M422) else 0.75
    right = 1.0 if pixel_format in (container.J420, container.J422) else 0.0
    sampled = (ramp[rows, ::2] + down + right).round().astype(np.uint8)
    back = chroma.upsample(sampled, pixel_format, 40, 60)
    assert np.abs(back[8:-8, 8:-8] - ramp[8:-8, 8:-8]).max() <= 1
    if right:
        ours = chroma.subsample(ramp.astype(np.float32), pixel_format)
        np.testing.assert_allclose(ours[4:-4, 4:-4], (ramp[rows, ::2] + down + right)[4:-4, 4:-4], atol=1e-3)


@pytest.mark.parametrize("space", [container.YCBCR_601, container.YCBCR_709, container.YCBCR_2020, container.YCGCO])
@pytest.mark.parametrize("limited", [False, True])
def test_colour_matrices(space: int, limited: bool) -> None:
    """Planes made by the standards' formulas, in floating point, come back as the colours."""
    rgb = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.float64)
    red, green, blue = np.moveaxis(rgb, -1, 0)
    if space == container.YCGCO:
        luma, first, second = (red + 2 * green + blue) / 4, (2 * green - red - blue) / 4, (red - blue) / 2
    else:
        kr, kb = {0: (0.299, 0.114), 3: (0.2126, 0.0722), 4: (0.2627, 0.0593)}[space]
        luma = kr * red + (1 - kr - kb) * green + kb * blue
        first, second = (blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr)
    scale, chroma_scale, offset = (219 / 255, 224 / 255, 16) if limited else (1, 1, 0)
    planes = [offset + scale * luma, 128 + chroma_scale * first, 128 + chroma_scale * second]
    planes = [np.clip(np.rint(plane), 0, 255).astype(np.uint8) for plane in planes]
    shown = color.rgb_from_planes(planes, space, limited)
    assert np.abs(shown - rgb).max() <= 3  # rounding of three planes


def test_parameter_sets_survive_the_way_through_the_full_form() -> None:
    for log2_min_cb, pcm, flags in [
        (3, None, None),
        (4, (7, 7, 0, 2, 1), None),
        (3, None, (1, 1, 1, 0, 0, 1, 0, 1, 0)),
    ]:
        fields = sps.SpsFields(log2_min_cb, 2, 2, 3, 1, 1, pcm, 1, flags)
        assert sps.read_short(sps.write_short(fields)) == fields
        for idc in (0, 1, 2, 3):
            unit = nal.build(nal.SPS, sps.write_full(fields, idc, 48, 64))
            assert b"\x00\x00\x00" not in unit
            assert sps.read_full(nal.payload(unit)) == (fields, (48, 64))
    with pytest.raises(DecodeError, match="does not allow"):
        sps.SpsFields(3, 2, 2, 3, 1, 1, None, 1, (0, 0, 0, 1, 0, 0, 0, 0, 0))
    with pytest.raises(DecodeError, match="block sizes"):
        sps.SpsFields(3, 9, 2, 3, 1, 1, None, 1, None)


@given(st.lists(st.integers(0, 2**32 - 2), max_size=20))
def test_exp_golomb_and_ue7(values: list[int]) -> None:
    bits = BitWriter()
    for value in values:
        bits.ue(value)
    reader = BitReader(bits.with_stop_bit())
    assert [reader.ue() for _ in values] == values
    assert container.ue7(542) == b"\x84\x1e"
    assert container.ue7(728855) == b"\xac\xbe\x17"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((np.zeros((16, 16), np.uint8), 30), "uint8 array"),
        ((np.zeros((16, 16, 3), np.float32), 30), "uint8 array"),
        ((np.zeros((0, 16, 3), np.uint8), 30), "no pixels"),
        ((np.zeros((16, 16, 3), np.uint8), 52), "0 to 51"),
        ((np.zeros((24, 8192, 3), np.uint8), 30), "8192 x 24 pixels; crop or resize"),
        ((np.zeros((16, 8193, 3), np.uint8), 30), "1 to 8192"),
        ((np.zeros((16, 16, 3), np.uint8), 30, "411"), "allowed are 420"),
        ((np.zeros((16, 16, 3), np.uint8), 30, "420", "best"), "veryslow"),
    ],
)
def test_bad_arguments(arguments: tuple, said: str) -> None:
    with pytest.raises(InputError, match=said):
        bpg.encode(*arguments)
