"""Hostile pictures: `python tests/hostile/fuzz_pictures.py [CASES] [SEED]`.

Damaged files of all formats, headers that claim other sizes, and files of other formats under wrong names are looked at
and read as a run does.
"""

import io
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
from hostile import Tally, from_command_line, mutate, pick
from PIL import Image

from linksim.data.decode import FORMATS, image_size, read_image

SIDES = (
    *(0, 1, 15, 16, 17, 24, 31, 100, 255) * 3,
    4096,
    8192,
    11585,
    16384,
    65535,
    2**17,
    2**27,
    2**31 - 1,
    2**31,
    2**32 - 1,
)
ENDINGS = (".png", ".jpg", ".bmp", ".tif", ".webp", ".ppm")


def seeds() -> list[tuple[str, bytes]]:
    """Files to begin with, by their format."""
    random = np.random.default_rng(0)
    pixels = np.clip(np.cumsum(random.integers(-9, 10, (24, 31, 4)), axis=1) + 128, 0, 255).astype(np.uint8)
    rgb = Image.fromarray(pixels[..., :3])
    exif = Image.Exif()
    exif[0x0112] = 6
    plan = [
        *(("PNG", image, {}) for image in (rgb, Image.fromarray(pixels), rgb.convert("P"), rgb.convert("1"))),
        ("PNG", Image.fromarray(pixels[..., 0].astype(np.uint16) << 8), {}),
        ("JPEG", rgb, {"quality": 40, "exif": exif}),
        ("JPEG", rgb, {"progressive": True}),
        ("JPEG", rgb.convert("CMYK"), {}),
        ("JPEG", rgb.convert("L"), {"restart_marker_blocks": 1}),
        *(("TIFF", rgb, {"compression": c}) for c in ("raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits")),
        ("TIFF", rgb.convert("F"), {}),
        ("WEBP", rgb, {"lossless": True}),
        ("WEBP", Image.fromarray(pixels), {"quality": 50}),
        ("WEBP", rgb, {"save_all": True, "append_images": [rgb.rotate(9)]}),
        ("BMP", rgb, {}),
        ("BMP", rgb.convert("P"), {}),
        ("PPM", rgb, {}),
        ("PPM", rgb.convert("L"), {}),
        ("GIF", rgb.convert("P"), {}),
        ("EPS", rgb, {}),
        ("ICO", rgb, {}),
    ]
    found = []
    for form, image, options in plan:
        buffer = io.BytesIO()
        image.save(buffer, form, **options)
        found.append((form, buffer.getvalue()))
    return [
        *found,
        ("PPM", b"P3\n16 16\n255\n" + b"7 " * 768),
        ("SVG", b"<svg width='16' height='16'/>"),
        ("empty", b""),
    ]


def claiming(form: str, data: bytes, random: np.random.Generator) -> bytes:
    """The file with another size in its header."""
    width, height = (int(pick(random, SIDES)) for _ in range(2))
    if form == "PNG":
        header = struct.pack(">II", width % 2**32, height % 2**32) + data[24:29]
        return data[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + data[33:]
    if form == "BMP":
        return data[:18] + struct.pack("<II", width % 2**32, height % 2**32) + data[26:]
    if form == "PPM":
        return data[:3] + f"{width} {height}".encode() + data[data.index(b"\n255") :]
    if form == "JPEG":
        at = next((i for i in range(len(data) - 1) if data[i] == 0xFF and 0xC0 <= data[i + 1] <= 0xC2), 0)
        return data[: at + 5] + struct.pack(">HH", height % 2**16, width % 2**16) + data[at + 9 :]
    if form == "TIFF":
        at = int(random.integers(len(data) - 12))
        return data[:at] + struct.pack("<I", pick(random, (width, height)) % 2**32) + data[at + 4 :]
    return mutate(data, random)


def look(path: Path, side: int | None) -> None:
    """As a run does: the size of every file first, then its pixels."""
    size = image_size(path)
    image = read_image(path, side)
    assert image.dtype == np.uint8
    assert image.shape == (*(size if side is None else (side, side)), 3)


def fuzz(cases: int, seed: int) -> Tally:
    """Counts of outcomes by format."""
    tally, starts = Tally(), seeds()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(cases):
            random = np.random.default_rng([seed, number])
            form, data = starts[number % len(starts)]
            match random.integers(4):
                case 0:
                    data = claiming(form, data, random)
                case 1:
                    data = mutate(claiming(form, data, random), random)
                case 2:
                    data = mutate(data, random)
                case 3 if random.random() < 0.3:
                    data = mutate(mutate(data, random) + random.bytes(int(random.integers(2000))), random)
            path = Path(folder, "a" + pick(random, ENDINGS))
            path.write_bytes(data)
            side = pick(random, (None, None, 16, 48))
            kind = form if form in FORMATS else "other"
            tally.check(f"picture {kind}", f"{number} of seed {seed}", lambda path=path, side=side: look(path, side))  # type: ignore[misc]
            path.unlink()
    return tally.finish()


if __name__ == "__main__":
    from_command_line(fuzz, 30_000)
