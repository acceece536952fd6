"""Folders as users have them: all bad pictures named before the start, what is passed over told, odd files read or refused."""

import os
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from linksim.cli.images import named_images
from linksim.common.errors import InputError
from linksim.data.decode import image_size, read_image
from linksim.data.images import ImagesConfig, open_images
from linksim.metrics.registry import metric


def picture(width: int = 40, height: int = 30, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def save(path: Path, pixels: np.ndarray | None = None, **more: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture() if pixels is None else pixels).save(path, **more)
    return path


def source(path: Path, key: str = "images", **more: Any) -> Any:
    return open_images(ImagesConfig(dataset="folder", path=str(path), **more), key)


def problem(path: Path, **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        source(path, **more).examine()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def notes(path: Path, **more: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        source(path, **more).examine()
    return [str(warning.message) for warning in caught]


def png_header(width: int, height: int) -> bytes:
    """The beginning of a PNG file that claims a size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + struct.pack(">I", 10)
        + b"IDAT"
    )


def test_all_bad_pictures_are_named_at_once(tmp_path: Path) -> None:
    for name in ("good.png", "good.jpg", "good.webp", "good.bmp", "good.tif"):
        save(tmp_path / name)
    assert len(source(tmp_path).examine()) == 5
    for name in ("cut.png", "cut.jpg", "cut.webp", "cut.bmp", "cut.tif"):
        whole = save(tmp_path / name, picture(90, 80)).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "huge.png").write_bytes(png_header(60_000, 60_000))
    (tmp_path / "large.png").write_bytes(png_header(12_000, 12_000))
    (tmp_path / "text.jpg").write_text("no picture")
    save(tmp_path / "one.png", picture(1, 1))
    save(tmp_path / "thin.png", picture(400, 15))
    message = problem(tmp_path, size=64)
    assert message.startswith("images: 11 of 16 images cannot be used: cut.bmp: unreadable or truncated")
    for said in ("cut.jpg", "cut.png", "cut.tif", "cut.webp", "empty.png: unreadable or truncated (the file is empty)"):
        assert said in message
    assert "huge.png: unreadable or truncated (it claims more than 67,108,864 pixels)" in message
    assert "large.png: 12000 x 12000 pixels; at most 67,108,864 are allowed" in message
    assert "one.png: 1 x 1 pixels; at least 16 x 16 are needed" in message
    assert message.endswith("; replace or remove them, or set images.on_error: skip")
    sizes = source(tmp_path, on_error="skip").examine()
    assert sizes == dict.fromkeys(sorted(p.name for p in tmp_path.glob("good.*")), (30, 40))


def test_advice_is_given_only_where_it_can_be_followed(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    assert problem(tmp_path).endswith("replace or remove it, or set images.on_error: skip")
    assert "on_error" not in problem(tmp_path, on_error="skip")
    assert "on_error" not in problem(tmp_path, key="")
    assert problem(tmp_path, key="schemes.A.mcs.validation").endswith("set schemes.A.mcs.validation.on_error: skip")
    with pytest.raises(InputError) as caught:
        named_images(str(tmp_path), None)
    assert "on_error" not in str(caught.value)
    with pytest.raises(InputError, match="--images: the name is empty"):
        named_images("", None)


def test_metadata_that_pillow_cannot_write_back(tmp_path: Path) -> None:
    # Orientation 6, and an ImageWidth that is a text of no use: Pillow reads it, and fails to write it.
    entries = [(0x0100, 3, 1, 0xFFFF), (0x0112, 3, 1, 6), (0x8769, 2, 4, 0x41414100)]
    tiff = b"MM\x00*" + struct.pack(">I", 8) + struct.pack(">H", len(entries))
    for tag, kind, count, value in entries:
        tiff += struct.pack(">HHI", tag, kind, count) + (
            struct.pack(">HH", value, 0) if kind == 3 else struct.pack(">I", value)
        )
    exif = b"Exif\x00\x00" + tiff + struct.pack(">I", 0)
    save(tmp_path / "a.jpg", exif=exif, quality=95, subsampling=0)
    save(tmp_path / "b.jpg", quality=95, subsampling=0)
    turned = read_image(tmp_path / "a.jpg")
    np.testing.assert_array_equal(turned, np.rot90(read_image(tmp_path / "b.jpg"), -1))
    assert image_size(tmp_path / "a.jpg") == (40, 30)
    save(tmp_path / "c.jpg", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff", quality=95, subsampling=0)
    np.testing.assert_array_equal(read_image(tmp_path / "c.jpg"), read_image(tmp_path / "b.jpg"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_pillow_s(tmp_path: Path, orientation: int) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    file = save(tmp_path / "a.png", exif=exif)
    with Image.open(file) as opened:
        expected = np.array(ImageOps.exif_transpose(opened))
    np.testing.assert_array_equal(read_image(file), expected)
    assert image_size(file) == expected.shape[:2]


def test_only_listed_formats_are_opened(tmp_path: Path) -> None:
    (tmp_path / "eps.png").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 40 30\n%%EndComments\nshowpage\n%%EOF\n"
    )
    (tmp_path / "psd.png").write_bytes(
        b"8BPS\x00\x01" + bytes(6) + struct.pack(">HIIHH", 3, 30, 40, 8, 3) + bytes(3700)
    )
    Image.fromarray(picture()).save(tmp_path / "gif.png", "GIF")
    Image.fromarray(picture()).save(tmp_path / "tga.jpg", "TGA")
    Image.fromarray(picture()).save(tmp_path / "ico.bmp", "ICO")
    message = problem(tmp_path)
    assert message.startswith("images: none of 5 images can be used")
    assert message.count("it is none of PNG, JPEG, BMP, TIFF, WEBP, PPM") == 5
    save(tmp_path / "really-a-jpeg.png", format="JPEG")
    assert read_image(tmp_path / "really-a-jpeg.png").shape == (30, 40, 3)


def test_formats_passed_over_are_told(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    for name in ("b.gif", "c.GIF", "d.heic", "e.avif", "f.jfif", "notes.txt", "data.csv"):
        (tmp_path / name).write_bytes(b"x")
    (note,) = notes(tmp_path)
    assert "5 files were passed over (1 .avif, 2 .gif, 1 .heic, 1 .jfif); allowed: .bmp, .jpeg, .jpg" in note
    (tmp_path / "a.png").unlink()
    assert "no images in" in problem(tmp_path)
    assert problem(tmp_path).endswith("; 5 of other formats were passed over")


def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    save(tmp_path / "set" / "a.png")
    save(tmp_path / "elsewhere" / "b.png")
    (tmp_path / "set" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "around").symlink_to(tmp_path / "set")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "set")
    (tmp_path / "set" / "again").symlink_to(tmp_path / "elsewhere" / "..")
    found = source(tmp_path / "set")
    assert len(found.ids) == 2
    assert {Path(name).name for name in found.ids} == {"a.png", "b.png"}
    said = notes(tmp_path / "set")
    assert said
    assert all("leads to a folder that is listed already; its images are taken once" in note for note in said)


def test_names_that_are_not_utf8_are_named(tmp_path: Path) -> None:
    save(tmp_path / "good.png")
    try:
        os.link(tmp_path / "good.png", os.fsencode(tmp_path) + b"/caf\xe9.png")
    except OSError:
        pytest.skip("this file system has no such names")
    message = problem(tmp_path)
    assert r"caf\xe9.png: its name is not UTF-8; rename it" in message
    assert message.encode()
    (note,) = notes(tmp_path, on_error="skip")
    assert r"left out: " in note
    assert source(tmp_path, on_error="skip").ids == ["good.png"]


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nothing.png")
    message = problem(tmp_path)
    assert "pipe.png: unreadable or truncated (it is a pipe)" in message
    assert "zero.png: unreadable or truncated (it is a device)" in message
    assert "gone.png: unreadable or truncated (it is a link to nothing)" in message
    with pytest.raises(InputError, match="it is a device"):
        source(tmp_path).content_hash(3)


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000, "~nobody-of-this-name/x", "/dev/null", "none/such"])
def test_folders_that_are_none(path: str) -> None:
    with pytest.raises(InputError, match=r"images\.path"):
        open_images(ImagesConfig(dataset="folder", path=path))


def test_pictures_too_small_for_a_metric(tmp_path: Path) -> None:
    save(tmp_path / "a.png", picture(40, 40))
    save(tmp_path / "b.png", picture(30, 40))
    save(tmp_path / "c.png", picture(20, 50))
    sizes = source(tmp_path).examine()
    metric("psnr").require_side(sizes, "images")
    with pytest.raises(
        InputError,
        match=r"images: 2 of 3 are too small for lpips, the smallest with 50 x 20 pixels .c\.png.; at least 31",
    ):
        metric("lpips").require_side(sizes, "images")
    metric("lpips").require_side(source(tmp_path, size=32).examine(), "images")


def test_batches_that_would_fill_the_memory(tmp_path: Path) -> None:
    for name in "abc":
        Image.new("L", (9000, 6000)).save(tmp_path / f"{name}.png")
    source(tmp_path).examine(batch=2)
    with pytest.raises(InputError, match=r"images: 3 of them have up to 162,000,000 pixels.*make sweep\.batch smaller"):
        source(tmp_path).examine(batch=3)
    source(tmp_path, size=256).examine(batch=3)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGBA", "CMYK", "YCbCr", "LAB", "I", "F", "I;16", "I;16B"])
def test_every_mode_is_read_or_refused_in_one_line(tmp_path: Path, mode: str) -> None:
    file = tmp_path / "a.tiff"
    try:
        image = (
            Image.fromarray(picture()[..., 0].astype(np.uint16))
            if mode.startswith("I;")
            else Image.fromarray(picture())
        )
        image.convert(mode).save(file)
    except (OSError, ValueError, KeyError):
        pytest.skip("Pillow does not write it")
    if mode == "F":
        with pytest.raises(InputError, match=r"^image .*a\.tiff: unreadable or truncated .*replace or remove it$"):
            read_image(file)
    else:
        assert read_image(file).shape == (30, 40, 3)
        assert image_size(file) == (30, 40)


def test_of_an_animation_the_first_frame_is_taken(tmp_path: Path) -> None:
    frames = [Image.fromarray(picture(seed=i)) for i in range(3)]
    for name in ("a.png", "a.webp", "a.tiff"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], lossless=True)
        np.testing.assert_array_equal(read_image(tmp_path / name), picture())
