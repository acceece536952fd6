"""Example pictures of a run: originals and what each scheme received at each SNR.

    DIR/examples/index.json                            what there is
    DIR/examples/<image>/original.webp
    DIR/examples/<image>/<scheme>/<snr>.webp           e.g. examples/coffee/jpeg-ldpc-5c2e81d0/10.webp

Ids and names become folder names by `slug`. Pictures are WebP of quality 95, so two schemes can be compared in every
detail, with the longer side at most 768 pixels. Nothing but figures and reports reads them; numbers come from the
tables.
"""

import contextlib
import hashlib
import io
import json
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.common.system import lock
from linksim.results.reading.examples import FOLDER, MAX_SIDE, is_whole, load_examples
from linksim.results.storage.store import storage_error, write_atomically

QUALITY = 95


def slug(name: str) -> str:
    """`name` as a folder name; where letters are replaced, eight hex digits of its SHA-256 keep different names apart."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-.")[:60]
    return plain if plain and plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}".lstrip("-")


def save_example(
    folder: Path,
    image_id: str,
    scheme: str,
    snr_db: float,
    original: np.ndarray,
    received: np.ndarray | None,
    psnr_db: float | None = None,
    outage: bool = False,
) -> None:
    """Store one received picture and enter it into the index; a picture that is there already is replaced.

    Every file is written in one step, and the index is changed under a lock, so several processes may call this at
    once.

    Args:
        folder: the results folder (not its `examples`).
        image_id: the image's id in its source.
        scheme: name of the scheme.
        snr_db: Es/N0 in dB.
        original: `[H, W, 3]` uint8; written where it is not there or damaged.
        received: `[H, W, 3]` uint8, or None where the receiver shows nothing.
        psnr_db: PSNR of this picture in dB; left out of the index where it is not finite.
        outage: whether the receiver noticed that the picture is lost.

    Raises:
        InputError: an array of another shape or type.
        StorageError: the folder cannot be written.
    """
    base = folder / FOLDER
    original_file = f"{slug(image_id)}/original.webp"
    file = None if received is None else f"{slug(image_id)}/{slug(scheme)}/{snr_db + 0.0:g}.webp"
    if not is_whole(folder, original_file):
        _write_picture(base / original_file, original)
    if file is not None and received is not None:
        _write_picture(base / file, received)
    finite = psnr_db is not None and math.isfinite(psnr_db)
    entry = {
        "scheme": scheme,
        "snr_db": snr_db + 0.0,
        "file": file,
        "psnr_db": round(float(psnr_db), 4) if finite and psnr_db is not None else None,
        "outage": bool(outage),
    }
    with _locked(base):
        images = {image["id"]: image for image in _index(folder)}
        image = images.setdefault(image_id, {"id": image_id, "original": original_file, "received": []})
        others = [e for e in image["received"] if (e["scheme"], e["snr_db"]) != (scheme, snr_db)]
        image["received"] = sorted([*others, entry], key=lambda e: (e["scheme"], e["snr_db"]))
        index = {"images": sorted(images.values(), key=lambda i: i["id"])}
        write_atomically(base / "index.json", (json.dumps(index, indent=1, ensure_ascii=False) + "\n").encode())


def _index(folder: Path) -> list[dict[str, Any]]:
    """The index as it is; a damaged one is begun anew, and a run puts back what it had."""
    with contextlib.suppress(InputError):
        return load_examples(folder)
    return []


def _write_picture(path: Path, image: np.ndarray) -> None:
    from PIL import Image

    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise InputError(f"an example of shape {image.shape} and type {image.dtype}; give a uint8 array [H, W, 3]")
    picture = Image.fromarray(image)
    picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=QUALITY)
    _make_folder(path.parent)
    write_atomically(path, buffer.getvalue())


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(path, error) from None


@contextlib.contextmanager
def _locked(base: Path) -> Iterator[None]:
    _make_folder(base)
    try:
        handle = os.open(base / ".lock", os.O_CREAT | os.O_RDWR, 0o644)
    except OSError as error:
        raise storage_error(base / ".lock", error) from None
    try:
        # Some network file systems have no locks; there the pictures of a lone writer are safe all the same.
        with contextlib.suppress(OSError):
            lock(handle, wait=True)
        yield
    finally:
        os.close(handle)
