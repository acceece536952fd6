"""The example pictures of a results folder, as `linksim.results.examples` has stored them, looked at before they are
used.
"""

import io
import os
import re
from pathlib import Path
from typing import Any

from linksim.common.errors import InputError
from linksim.common.files import read_bytes
from linksim.common.reading.json_files import read_json

FOLDER = "examples"
MAX_SIDE = 768
"""Pixels of the longer side."""
MAX_BYTES = 1 << 24
"""16 MiB: of one picture."""


def load_examples(folder: Path) -> list[dict[str, Any]]:
    """The index of a results folder, `[]` where there are no examples.

    Returns:
        One dictionary per image, by id: `id`, `original` (file), and `received`, a list by scheme and SNR of `scheme`,
        `snr_db`, `file` (None where nothing was shown), `psnr_db` (or None) and `outage`. Files are relative to
        `folder/examples`.

    Raises:
        InputError: an index that is no JSON of this form.
    """
    path = folder / FOLDER / "index.json"
    if not os.path.lexists(path):
        return []
    advice = f"delete {path} and run the scenario again"
    images = read_json(path, advice).get("images")
    if not isinstance(images, list) or not all(_is_image(image) for image in images):
        raise InputError(f"{path}: is no index of examples; {advice}")
    return images


def _is_image(image: Any) -> bool:
    """Whether an entry of the index has the form that `load_examples` promises."""
    return (
        isinstance(image, dict)
        and isinstance(image.get("id"), str)
        and _is_name(image.get("original"))
        and isinstance(image.get("received"), list)
        and all(_is_received(entry) for entry in image["received"])
    )


def _is_received(entry: Any) -> bool:
    if not isinstance(entry, dict) or not {"scheme", "snr_db", "file", "psnr_db", "outage"} <= entry.keys():
        return False
    return (
        isinstance(entry["scheme"], str)
        and _is_number(entry["snr_db"])
        and (entry["file"] is None or _is_name(entry["file"]))
        and (entry["psnr_db"] is None or _is_number(entry["psnr_db"]))
        and isinstance(entry["outage"], bool)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6


def _is_name(value: Any) -> bool:
    """Whether it names a file inside the folder: what leads out of it is never read."""
    return isinstance(value, str) and bool(re.fullmatch(r"(?!.*(^|/)\.{1,2}(/|$))[^/\0\\][^\0\\]*", value))


def read_picture(folder: Path, name: str) -> bytes:
    """The WebP file `name` of a results folder's examples, once its size is known to be one that linksim writes.

    Raises:
        InputError: it is not there, or damaged.
    """
    path = folder / FOLDER / name
    advice = "run the scenario again to write it anew"
    data = read_bytes(path, MAX_BYTES, advice)
    if reason := _damage(data):
        raise InputError(f"{path}: {reason}; {advice}")
    return data


def _damage(data: bytes) -> str:
    """Why `data` is no whole WebP picture of at most `MAX_SIDE`; "" where it is."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return "is no WebP picture" if data else "is empty"
    if int.from_bytes(data[4:8], "little") + 8 != len(data):
        return "is cut"
    try:
        from PIL import Image

        with Image.open(io.BytesIO(data), formats=("WEBP",)) as picture:
            if max(picture.size) > MAX_SIDE:
                return f"has {picture.size[0]} x {picture.size[1]} pixels, more than {MAX_SIDE} x {MAX_SIDE}"
            picture.load()
    except Exception:  # whatever Pillow raises on damaged data
        return "is damaged"
    return ""


def is_whole(folder: Path, name: str) -> bool:
    """Whether the picture `name` is there and can be shown."""
    try:
        read_picture(folder, name)
    except InputError:
        return False
    return True
