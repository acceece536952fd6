"""JPEG 2000, WebP and AVIF: budgets, determinism, ends of files, damage, and builds that lack them."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutate import mutate
from pictures import psnr, smooth_picture
from PIL import features

from linksim.codecs import DecodeError
from linksim.codecs.cache import EncodeCache
from linksim.codecs.file_codec import FileCodec
from linksim.codecs.pillow.avif import AvifCodec
from linksim.codecs.pillow.jpeg2000 import Jpeg2000Codec
from linksim.codecs.pillow.libraries import library_version
from linksim.codecs.pillow.webp import WebpCodec
from linksim.common.errors import InputError

CODECS = {
    "jpeg2000": lambda: Jpeg2000Codec(cache=EncodeCache(None)),
    "webp": lambda: WebpCodec(cache=EncodeCache(None)),
    "avif": lambda: AvifCodec(speed=10, cache=EncodeCache(None)),
}
MIDDLE = {"jpeg2000": 16, "webp": 60, "avif": 60}
kinds = pytest.mark.parametrize("kind", CODECS)


def pictures(seed: int) -> np.ndarray:
    """Photograph-like, noisy, flat and tiny pictures."""
    random = np.random.default_rng(seed)
    height, width = random.integers(1, 80, 2)
    match seed % 4:
        case 0 | 1:
            return smooth_picture(height, width, seed)
        case 2:
            return random.integers(0, 256, (height, width, 3), np.uint8)
        case _:
            return np.full((height, width, 3), random.integers(256), np.uint8)


@kinds
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), budget=st.integers(0, 6000))
def test_never_over_the_budget_and_the_file_is_that_of_its_setting(kind: str, seed: int, budget: int) -> None:
    image, codec = pictures(seed), CODECS[kind]()
    found = codec.best(image, budget)
    encode = codec.encoder(image)
    if found is None:
        assert len(encode(codec.settings[0])) > budget
        return
    assert len(found.data) <= budget
    assert found.data == encode(found.setting)
    assert codec.decode(found.data, image.shape[:2]).shape == image.shape


@pytest.mark.parametrize("kind", ["webp", "avif"])
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10**6), part=st.floats(0, 1))
def test_the_best_quality_of_all_that_fit(kind: str, seed: int, part: float) -> None:
    image, codec = pictures(seed), CODECS[kind]()
    encode = codec.encoder(image)
    sizes = [len(encode(quality)) for quality in codec.settings]
    budget = int(min(sizes) + part * (max(sizes) - min(sizes)))
    found = codec.best(image, budget)
    fitting = [quality for quality, size in zip(codec.settings, sizes, strict=True) if size <= budget]
    if found is None:  # a dip of the very smallest files
        assert sizes[0] > budget
    else:
        assert found.setting == max(fitting)


def test_jpeg2000_fills_its_budget(photograph: np.ndarray) -> None:
    image, codec = np.ascontiguousarray(photograph[:128, :128]), CODECS["jpeg2000"]()
    for budget in (500, 1000, 2000, 4000, 8000):
        found = codec.best(image, budget)
        assert found is not None
        assert 0.94 * budget <= len(found.data) <= budget


@kinds
def test_a_looser_budget_gives_a_better_picture(kind: str, photograph: np.ndarray) -> None:
    image, codec = np.ascontiguousarray(photograph[:128, :128]), CODECS[kind]()
    shown = [codec.decode(codec.best(image, budget).data, (128, 128)) for budget in (800, 1600, 3200, 6400)]
    values = [psnr(image, picture) for picture in shown]
    assert values == sorted(values)
    assert values[-1] > 30
    assert values[-1] - values[0] > 6


@kinds
def test_files_are_complete_and_of_the_format(kind: str) -> None:
    image, codec = smooth_picture(48, 64, 1), CODECS[kind]()
    data = codec.encoder(image)(MIDDLE[kind])
    assert data == CODECS[kind]().encoder(image)(MIDDLE[kind])  # the same bytes again, from another encoder
    start, middle = {
        "jpeg2000": (b"\xff\x4f\xff\x51", b""),
        "webp": (b"RIFF", b"WEBPVP8 "),
        "avif": (b"", b"ftypavif"),
    }[kind]
    assert data.startswith(start)
    assert middle in data[:40]
    with pytest.raises(DecodeError, match="64 x 48"):
        codec.decode(data, (48, 65))


def test_jpeg2000_is_ycbcr_with_the_irreversible_wavelet() -> None:
    data = CODECS["jpeg2000"]().encoder(smooth_picture(48, 64, 1))(16)
    cod = data.index(
        b"\xff\x52"
    )  # T.800, A.6.1: Scod, progression, layers, MCT, then levels, block sizes, style, wavelet
    assert int.from_bytes(data[cod + 6 : cod + 8], "big") == 1
    assert data[cod + 8] == 1
    assert data[cod + 13] == 0


def test_webp_is_lossy_and_avif_has_the_chroma_asked_for() -> None:
    image = smooth_picture(48, 64, 3)
    assert b"VP8L" not in WebpCodec(cache=EncodeCache(None)).encoder(image)(100)
    grey = AvifCodec("grey", 10, EncodeCache(None))
    shown = grey.decode(grey.encoder(image)(80), (48, 64))
    assert np.ptp(shown.astype(int), axis=2).max() == 0
    files = [AvifCodec(chroma, 10, EncodeCache(None)).encoder(image)(70) for chroma in ("420", "422", "444")]
    assert len(set(files)) == 3


@kinds
@pytest.mark.parametrize("zeros", [1, 2, 3, 7, 8, 9, 200])
def test_the_filler_of_the_last_block_does_no_harm(kind: str, zeros: int) -> None:
    image, codec = smooth_picture(33, 47, 2), CODECS[kind]()
    data = codec.encoder(image)(MIDDLE[kind])
    assert codec.may_end_in_zeros or data[-1] != 0
    plain = codec.decode(data, (33, 47))
    np.testing.assert_array_equal(codec.decode(data + bytes(zeros), (33, 47)), plain)


@kinds
def test_damage_gives_a_picture_or_a_decode_error_soon(kind: str) -> None:
    image, codec = smooth_picture(56, 75, 5), CODECS[kind]()
    data = codec.encoder(image)(MIDDLE[kind])
    shown = 0
    for number in range(400):
        damaged = mutate(data, np.random.default_rng([12, number]))
        for decode in (codec.decode, codec.decode_partial):
            begin = time.perf_counter()
            try:
                picture = decode(damaged, (56, 75))
            except DecodeError:
                pass
            else:
                assert picture.shape == (56, 75, 3)
                assert picture.dtype == np.uint8
                shown += 1
            assert time.perf_counter() - begin < 10
    assert 0 < shown < 800


@kinds
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=400))
def test_noise_is_refused(kind: str, data: bytes) -> None:
    heads = {"jpeg2000": b"\xff\x4f\xff\x51\x00\x2f", "webp": b"RIFF\x40\0\0\0WEBPVP8 ", "avif": b"\0\0\0\x20ftypavif"}
    for head in (b"", heads[kind]):
        with pytest.raises(DecodeError):
            CODECS[kind]().decode(head + data, (16, 16))


@kinds
def test_encodes_are_kept(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, image = EncodeCache(None), smooth_picture(32, 32, 7)
    codec: FileCodec = {
        "jpeg2000": Jpeg2000Codec,
        "webp": WebpCodec,
        "avif": lambda cache: AvifCodec(speed=10, cache=cache),
    }[kind](cache=cache)
    first = codec.best(image, 900)
    monkeypatch.setattr(type(codec), "_encode", lambda *_: pytest.fail("encoded again"))
    assert codec.best(image, 900) == first


@kinds
def test_a_build_without_the_library_is_one_line(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert library_version(kind).split()[0] in ("OpenJPEG", "libwebp", "libavif")
    check = features.check
    monkeypatch.setattr(features, "check", lambda name: name not in ("webp", "avif", "jpg_2000") and check(name))
    with pytest.raises(InputError, match=rf"kind: {kind} needs \w+, and this build of Pillow .* pip install") as caught:
        CODECS[kind]().encoder(smooth_picture(16, 16, 1))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("codec", "setting", "said"),
    [
        (CODECS["webp"], 101, "quality: 101; allowed are the integers 0 to 100"),
        (CODECS["avif"], -1, "quality: -1; allowed are the integers 0 to 100"),
        (CODECS["jpeg2000"], 0.5, "ratio: 0.5; allowed are the numbers 1 to 1,000,000"),
        (CODECS["jpeg2000"], float("nan"), "ratio: nan; allowed"),
        (lambda: WebpCodec(method=7), 1, "method: 7; allowed are the integers 0 to 6"),
        (lambda: AvifCodec(chroma="411"), 1, "chroma: '411'; allowed are 420, 422, 444, grey"),
        (lambda: AvifCodec(speed=11), 1, "speed: 11; allowed are the integers 0 to 10"),
    ],
)
def test_bad_settings(codec, setting: float, said: str) -> None:
    with pytest.raises(InputError, match=said):
        codec().encoder(smooth_picture(16, 16, 1))(setting)


def test_pictures_too_large_for_the_format() -> None:
    with pytest.raises(InputError, match="image width: 16384; allowed are the integers 1 to 16383"):
        CODECS["webp"]().encoder(np.zeros((1, 16384, 3), np.uint8))(0)
