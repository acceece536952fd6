"""The best picture that fits a budget of bytes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from linksim.codecs import jpeg
from linksim.codecs.cache import EncodeCache, default_cache, image_hash
from linksim.codecs.checks import check_choice

ENCODERS = ("x265", "bpgenc")

# Sizes do not quite grow with quality: optimized Huffman tables can make a finer JPEG up to 5 % or 19 bytes shorter
# (measured on photographs, noise, gratings and flat pictures). The search looks this far beyond the budget.
JPEG_SLACK = (1.25, 256)
BPG_SLACK = (1.02, 8)


@dataclass(frozen=True)
class Encoded:
    """A file and the setting that made it: JPEG's quality, or BPG's qp."""

    data: bytes
    setting: int


def best_jpeg(image: np.ndarray, budget_bytes: int, restart_blocks: int = 0) -> Encoded | None:
    """The JPEG file of the highest quality with at most `budget_bytes`, or None if no quality fits.

    Args:
        image: uint8 `[height, width, 3]`.
        budget_bytes: header and tables count.
        restart_blocks: as in `jpeg.encode`.
    """
    return _best(
        lambda quality: jpeg.encode(image, quality, restart_blocks), list(jpeg.QUALITIES), budget_bytes, JPEG_SLACK
    )


def best_bpg(
    image: np.ndarray,
    budget_bytes: int,
    chroma: str = "420",
    preset: str = "veryslow",
    encoder: str = "x265",
    cache: EncodeCache | None = None,
) -> Encoded | None:
    """The BPG file of the lowest qp with at most `budget_bytes`, or None if even the highest does not fit.

    Args:
        image: uint8 `[height, width, 3]`.
        budget_bytes: the header counts.
        chroma, preset: as in `bpg.encode`.
        encoder: `x265` (PyAV's) or `bpgenc` (the reference program; it has its own preset).
        cache: where encodes are kept; the process's own if None.

    Raises:
        InputError: an unknown choice, or `bpgenc` that is not on the PATH.
    """
    from linksim.codecs import bpg

    encode = bpg_encoder(image, chroma, preset, encoder, cache)
    return _best(encode, list(reversed(bpg.QPS)), budget_bytes, BPG_SLACK)


def bpg_encoder(
    image: np.ndarray,
    chroma: str = "420",
    preset: str = "veryslow",
    encoder: str = "x265",
    cache: EncodeCache | None = None,
) -> Callable[[int], bytes]:
    """Function of the qp that encodes `image`, or takes the bytes from `cache`. Arguments as of `best_bpg`."""
    from linksim.codecs import bpg

    check_choice("encoder", encoder, ENCODERS)
    kept = cache or default_cache()
    digest = image_hash(image)
    settings: dict[str, str | int] = {"codec": "bpg", "encoder": encoder, "chroma": chroma}
    if encoder == "bpgenc":
        from linksim.codecs.bpg import reference

        settings["version"] = reference.program_hash("bpgenc")
        return lambda qp: kept.get_or_encode(digest, settings | {"qp": qp}, lambda: reference.encode(image, qp, chroma))
    settings |= {"preset": preset, "version": f"{bpg.VERSION} {bpg.hevc.require_encoder()}"}
    return lambda qp: kept.get_or_encode(digest, settings | {"qp": qp}, lambda: bpg.encode(image, qp, chroma, preset))


def _best(
    encode: Callable[[int], bytes], settings: list[int], budget_bytes: int, slack: tuple[float, int]
) -> Encoded | None:
    """The last of `settings` (worst picture first) whose file fits.

    A bisection finds one where the size crosses the budget; from there on, every better setting is tried until the
    size is beyond the slack, since sizes need not grow strictly.
    """
    files: dict[int, bytes] = {}

    def size(position: int) -> int:
        if position not in files:
            files[position] = encode(settings[position])
        return len(files[position])

    best, above = -1, len(settings)  # up to `best` it fits, from `above` on it does not, as far as is known
    while above - best > 1:
        middle = (best + above) // 2
        if size(middle) <= budget_bytes:
            best = middle
        else:
            above = middle
    for position in range(above, len(settings)):
        if size(position) > slack[0] * budget_bytes + slack[1]:
            break
        if size(position) <= budget_bytes:
            best = position
    return Encoded(files[best], settings[best]) if best >= 0 else None
