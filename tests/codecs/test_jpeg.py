"""JPEG: round trips, restart markers, damaged and truncated files."""

import io

import numpy as np
import pytest
from pictures import psnr, smooth_picture
from PIL import Image

from linksim.codecs import DecodeError, jpeg
from linksim.common.errors import InputError


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (33, 71), (120, 7)])
def test_round_trip(size: tuple[int, int]) -> None:
    image = smooth_picture(*size, seed=2)
    shown = jpeg.decode(jpeg.encode(image, 95), size)
    assert shown.shape == image.shape
    assert psnr(shown, image) > 35


def test_an_ordinary_reader_shows_the_same(photograph: np.ndarray) -> None:
    data = jpeg.encode(photograph, 40)
    with Image.open(io.BytesIO(data)) as picture:
        np.testing.assert_array_equal(jpeg.decode(data), np.array(picture))


def test_optimized_tables_change_the_size_alone(photograph: np.ndarray) -> None:
    small, plain = jpeg.encode(photograph, 20), jpeg.encode(photograph, 20, optimize=False)
    assert len(small) < len(plain)
    np.testing.assert_array_equal(jpeg.decode(small), jpeg.decode(plain))


def test_truncated_file(photograph: np.ndarray) -> None:
    image = np.ascontiguousarray(photograph[:256, :256])
    data = jpeg.encode(image, 75)
    cut = data[: len(data) // 2]
    with pytest.raises(DecodeError, match="truncated"):
        jpeg.decode(cut, (256, 256))
    partial, whole = jpeg.decode_partial(cut, (256, 256)), jpeg.decode(data)
    np.testing.assert_array_equal(partial[:64], whole[:64])
    assert psnr(partial[192:], whole[192:]) < 25
    np.testing.assert_array_equal(jpeg.decode_partial(data, (256, 256)), whole)


def test_restart_markers_confine_damage(photograph: np.ndarray) -> None:
    image = np.ascontiguousarray(photograph[:256, :256])
    worse = []
    for restart_blocks in (0, 16):  # 16 MCUs: one row of a 256 pixel wide picture
        data = jpeg.encode(image, 75, restart_blocks)
        assert (b"\xff\xd0" in data) == bool(restart_blocks)
        whole = jpeg.decode(data)
        damaged = bytearray(data)
        for at in range(len(data) // 4, len(data) // 4 + 12):
            damaged[at] = damaged[at] ^ 0x15 if damaged[at] not in (0xFF, 0xEA) and damaged[at - 1] != 0xFF else 0
        shown = jpeg.decode_partial(bytes(damaged), (256, 256))
        worse.append((shown != whole).any(axis=-1).mean())
    assert worse[1] < 0.2 < worse[0]


def test_markers_in_the_scan_leave_the_rows_before_them(photograph: np.ndarray) -> None:
    """A marker that libjpeg cannot bear in the middle of the scan (start of image) still shows the part before it."""
    image = np.ascontiguousarray(photograph[:256, :256])
    data = jpeg.encode(image, 75)
    middle = len(data) // 2
    damaged = data[:middle] + b"\xff\xd8" + data[middle:]
    with pytest.raises(DecodeError):
        jpeg.decode(damaged, (256, 256))
    shown = jpeg.decode_partial(damaged, (256, 256))
    np.testing.assert_array_equal(shown[:64], jpeg.decode(data)[:64])


def test_huge_header_is_refused_before_decoding() -> None:
    data = bytearray(jpeg.encode(smooth_picture(32, 32, seed=0), 50))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = b"\xff\xdc\xff\xdc"
    for decoder, size in ((jpeg.decode, None), (jpeg.decode, (32, 32)), (jpeg.decode_partial, (32, 32))):
        with pytest.raises(DecodeError, match="pixels"):
            decoder(bytes(data), size)


@pytest.mark.parametrize(("quality", "restart_blocks"), [(0, 0), (96, 0), (50.0, 0), (True, 0), (50, -1), (50, 65536)])
def test_bad_arguments(quality, restart_blocks: int) -> None:
    with pytest.raises(InputError, match="allowed are the integers"):
        jpeg.encode(np.zeros((16, 16, 3), np.uint8), quality, restart_blocks)


@pytest.mark.parametrize(
    ("shape", "quality", "restarts"), [((300, 300), 94, 1), ((17, 4000), 94, 0), ((1500, 40), 95, 1)]
)
def test_noise_that_overflows_the_library_s_buffer(shape, quality, restarts):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    assert jpeg.decode(jpeg.encode(noise, quality, restarts)).shape == noise.shape
