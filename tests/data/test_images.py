"""Images: every pixel format gives 8-bit RGB, bad files give one clear line, folders open without being read."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from linksim.common.errors import InputError
from linksim.data.decode import read_image
from linksim.data.images import SAMPLES, ImagesConfig, open_images


def folder(path: Path, **kwargs: object) -> ImagesConfig:
    return ImagesConfig(dataset="folder", path=str(path), **kwargs)  # type: ignore[arg-type]


def picture(width: int = 40, height: int = 30, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def save(path: Path, pixels: np.ndarray, mode: str = "RGB", **kwargs: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).convert(mode).save(path, **kwargs)  # type: ignore[arg-type]
    return path


def test_samples_are_photographs_that_need_no_data() -> None:
    source = open_images(ImagesConfig(dataset="samples"))
    assert source.ids == [name.split(".")[0] for name in SAMPLES]
    for i in range(len(source)):
        image = source.load(i)
        assert image.dtype == np.uint8
        assert image.shape[2] == 3
        assert min(image.shape[:2]) >= 300
        assert (image[..., 0] != image[..., 2]).any()


def test_rgb_is_unchanged(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read_image(save(tmp_path / "a.png", picture())), picture())


def test_grey_and_palette_get_three_channels(tmp_path: Path) -> None:
    grey = picture()[..., 0]
    np.testing.assert_array_equal(read_image(save(tmp_path / "a.png", grey, "L")), np.stack([grey] * 3, -1))
    palette = Image.fromarray(picture()).quantize(16)
    palette.save(tmp_path / "p.png")
    np.testing.assert_array_equal(read_image(tmp_path / "p.png"), np.asarray(palette.convert("RGB")))


def test_16_bits_are_scaled_and_rounded(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 40 * 30).reshape(30, 40).astype(np.uint16)
    for name in ("a.png", "a.tiff"):
        Image.fromarray(values).save(tmp_path / name)
        np.testing.assert_array_equal(read_image(tmp_path / name)[..., 0], np.round(values / 257.0).astype(np.uint8))


def test_transparency_is_laid_over_white(tmp_path: Path) -> None:
    pixels = np.dstack([picture(), np.full((30, 40), 255, np.uint8)])
    pixels[:10, :, 3] = 0
    pixels[10:20, :, 3] = 128
    image = read_image(save(tmp_path / "a.png", pixels, "RGBA")).astype(int)
    assert (image[:10] == 255).all()
    np.testing.assert_array_equal(image[20:], picture()[20:])
    expected = 255 + (picture()[10:20].astype(int) - 255) * 128 / 255
    assert np.abs(image[10:20] - expected).max() <= 1


def test_cmyk(tmp_path: Path) -> None:
    ink = Image.new("CMYK", (40, 30), (0, 255, 255, 0))
    ink.save(tmp_path / "a.tiff")
    ink.save(tmp_path / "a.jpg", quality=95)
    for name in ("a.tiff", "a.jpg"):
        assert np.abs(read_image(tmp_path / name).astype(int) - [255, 0, 0]).max() <= 4


def test_orientation_of_cameras(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    save(tmp_path / "a.png", picture(), exif=exif)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), np.rot90(picture(), -1))


def test_floats_have_no_range(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((30, 30), np.float32)).save(tmp_path / "a.tiff")
    with pytest.raises(InputError, match="floating-point"):
        read_image(tmp_path / "a.tiff")


@given(st.integers(16, 70), st.integers(16, 70), st.integers(16, 50))
def test_size_is_the_central_square_resized(
    tmp_path_factory: pytest.TempPathFactory, w: int, h: int, size: int
) -> None:
    yy, xx = np.mgrid[:h, :w]
    pixels = np.stack([yy * 3, xx * 3, yy + xx], -1).astype(np.uint8)
    image = read_image(save(tmp_path_factory.mktemp("size") / "a.png", pixels), size)
    assert image.shape == (size, size, 3)
    centre = image[size // 4 : -(size // 4)].mean((0, 1))
    assert np.abs(centre[:2] - [(h - 1) * 1.5, (w - 1) * 1.5]).max() < 3


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "a.webp"])
def test_truncated_files_are_named(tmp_path: Path, name: str) -> None:
    file = save(tmp_path / name, picture(200, 200))
    whole = file.read_bytes()
    for length in (0, 10, len(whole) // 2):
        file.write_bytes(whole[:length])
        with pytest.raises(InputError, match=rf"{name}: unreadable or truncated") as caught:
            read_image(file)
        assert "\n" not in str(caught.value)


def test_bad_images_stop_or_are_skipped(tmp_path: Path) -> None:
    save(tmp_path / "1.png", picture())
    (tmp_path / "2.png").write_bytes(b"no image")
    save(tmp_path / "3.png", picture(15, 40))
    save(tmp_path / "4.png", picture(seed=4))
    stopping = open_images(folder(tmp_path))
    with pytest.raises(InputError, match=r"2\.png"):
        list(stopping.readable())
    skipping = open_images(folder(tmp_path, on_error="skip"))
    with pytest.warns(UserWarning, match=r"left out: image .*\.png"):
        assert [i for i, _ in skipping.readable()] == [0, 3]
    assert list(skipping.skipped) == ["2.png", "3.png"]
    assert "16 x 16" in skipping.skipped["3.png"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [i for i, _ in skipping.readable([3])] == [3]


def test_folder_without_images(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(InputError, match="no images in"):
        open_images(folder(tmp_path))
    with pytest.raises(InputError, match="does not exist"):
        open_images(folder(tmp_path / "missing"))
    with pytest.raises(InputError, match="is a file"):
        open_images(folder(tmp_path / "notes.txt"))


def test_ids_are_unique_and_do_not_depend_on_the_place(tmp_path: Path) -> None:
    for place in ("x", "y"):
        for name in ("b/1.png", "a/1.png", "a/1.JPG", "z.png", ".hidden.png", ".cache/1.png"):
            save(tmp_path / place / name, picture())
    first, second = (open_images(folder(tmp_path / place)) for place in ("x", "y"))
    assert first.ids == second.ids == ["a/1.JPG", "a/1.png", "b/1.png", "z.png"]
    assert open_images(folder(tmp_path / "x", count=2)).ids == first.ids[:2]
    assert [first.content_hash(i) for i in range(4)] == [second.content_hash(i) for i in range(4)]
    assert first.content_hash(0) != first.content_hash(1)


def test_a_large_folder_opens_without_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(2000):
        (tmp_path / f"{i:05d}.png").touch()
    monkeypatch.setattr(Path, "open", lambda *_, **__: pytest.fail("an image was read"))
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("an image was read"))
    assert len(open_images(folder(tmp_path))) == 2000


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"dataset": "folder"}, "needs a path"),
        ({"dataset": "kodak", "path": "x"}, "takes no path"),
        ({"dataset": "imagenet"}, "dataset"),
        ({"count": 0}, "count"),
        ({"size": 8}, "size"),
        ({"size": "big"}, "size"),
        ({"colour": True}, "colour"),
    ],
)
def test_bad_configuration(fields: dict, word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        ImagesConfig(**fields)


def test_data_sets(data_dir: Path) -> None:
    for name, split, count in (("kodak", "test", 24), ("voc2012", "test", 100), ("bsds500", "train", 300)):
        source = open_images(ImagesConfig(dataset=name, split=split, size=64))  # type: ignore[arg-type]
        assert len(set(source.ids)) == len(source) == count
        assert source.load(count - 1).shape == (64, 64, 3)
