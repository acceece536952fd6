"""The received pictures, made small enough that the page stays a few megabytes."""

import base64
import hashlib
import io
from dataclasses import dataclass, field
from typing import Any

from linksim.common.errors import InputError
from linksim.reports.page.load import Run
from linksim.results.reading.examples import read_picture

BUDGET = 4_200_000  # characters of base64 for all pictures of a page; the rest of a page of 5 MB is room for tables
_STEPS = ((None, 1, None), (88, 1, None), (75, 1, None), (75, 2, None), (75, 2, 2), (65, 2, 2), (65, 3, 1), (50, 4, 1))


@dataclass
class Gallery:
    """Pictures ready for the page.

    Attributes:
        data: base64 WebP of every distinct picture.
        runs: for each run the images: `id`, `size` (width, height), `original` (number in `data`) and `received`, a
            list of scheme number, SNR number, number in `data` (or None), PSNR in dB (or None) and whether it is an
            outage.
        note: what was left out or pressed to keep the page small; "" if nothing.
        size: characters of `data`.
    """

    data: list[str]
    runs: list[list[dict[str, Any]]]
    note: str = ""
    size: int = 0
    _numbers: dict[bytes, int] = field(default_factory=dict)

    def add(self, picture: bytes) -> int:
        """Number of the picture in `data`; equal pictures are kept once."""
        key = hashlib.sha256(picture).digest()
        if key not in self._numbers:
            self._numbers[key] = len(self.data)
            self.data.append(base64.b64encode(picture).decode())
            self.size += len(self.data[-1])
        return self._numbers[key]


def gallery(runs: list[Run], budget: int = BUDGET) -> Gallery:
    """The pictures at the best quality, and of the most SNRs and images, that fit into `budget` characters.

    Raises:
        InputError: a picture of the index is missing, or even the least does not fit.
    """
    for quality, every, count in _STEPS:
        result = _gallery(runs, quality, every, count, budget)
        if result.size <= budget:
            result.note = _note(quality, every, count, runs)
            return result
    raise InputError(f"the examples of {len(runs)} runs do not fit into a report of 5 MB; give fewer folders at a time")


def _gallery(runs: list[Run], quality: int | None, every: int, count: int | None, budget: int) -> Gallery:
    """The pictures; unfinished as soon as they exceed the budget."""
    result = Gallery([], [])
    for run in runs:
        snrs = {snr: i for i, snr in enumerate(run.snrs) if _kept(i, len(run.snrs), every)}
        images = []
        for image in run.examples[:count]:
            if result.size > budget:
                return result
            received = [
                [
                    run.schemes.index(entry["scheme"]),
                    snrs[entry["snr_db"]],
                    result.add(_picture(run, entry["file"], quality)) if entry["file"] else None,
                    entry["psnr_db"],
                    entry.get("outage", False),
                ]
                for entry in image["received"]
                if entry["scheme"] in run.schemes and entry["snr_db"] in snrs
            ]
            if received:
                original = _picture(run, image["original"], quality)
                entry = {"id": image["id"], "size": _size(original), "original": result.add(original)}
                images.append({**entry, "received": received})
        result.runs.append(images)
    return result


def _kept(i: int, total: int, every: int) -> bool:
    """Every so many SNRs, counted from the middle one, which the page opens at."""
    return (i - (total - 1) // 2) % every == 0


def _picture(run: Run, name: str, quality: int | None) -> bytes:
    data = read_picture(run.folder, name)
    if quality is None:
        return data
    from PIL import Image

    buffer = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").save(buffer, "WEBP", quality=quality)
    return buffer.getvalue()


def _size(picture: bytes) -> list[int]:
    """Width and height in pixels."""
    from PIL import Image

    return list(Image.open(io.BytesIO(picture)).size)


def _note(quality: int | None, every: int, count: int | None, runs: list[Run]) -> str:
    if quality is None:
        return ""
    parts = [f"pressed to WebP quality {quality}"]
    if every > 1:
        parts.append(f"shown at one in {every} SNRs")
    if count is not None and any(len(run.examples) > count for run in runs):
        parts.append(f"of {count} {'image' if count == 1 else 'images'} only")
    return f"To keep this page small the pictures are {', '.join(parts)}; PSNR is that of the pictures as received."
