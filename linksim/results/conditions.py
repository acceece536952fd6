"""The conditions of a scheme (images, size, budget), which have to be equal where schemes are compared."""

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linksim.common.reading.ratio import exact_ratio
from linksim.results.frame import Row
from linksim.results.lines import number, read_lines
from linksim.results.reading.described import read_described_scenario, read_info

EQUAL = 0.005
"""Relative difference of channel uses up to which they count as equal."""


@dataclass(frozen=True)
class Conditions:
    """Of one scheme in one run.

    Attributes:
        sizes: height and width of each image by its id; {} where the run has no `images.parquet`.
        images_sha256: over the files of the run's images; "" where `run.json` does not say.
        n_images: how many.
        channel_uses: its budget, mean per image; NaN where it sent nothing.
        rho: the same as bandwidth ratio.
    """

    sizes: Mapping[str, tuple[int, int]]
    images_sha256: str
    n_images: int
    channel_uses: float
    rho: float


def conditions(folder: Path) -> dict[str, Conditions]:
    """By scheme. Raises `InputError` where the folder has no results."""
    lines = read_lines(folder)
    budget = budgets(lines, read_described_scenario(folder))
    sizes, sha = _sizes(folder), str(read_info(folder).get("images", {}).get("sha256", ""))
    counts: dict[str, float] = {}
    for line in lines:
        counts[line["scheme"]] = max(counts.get(line["scheme"], 0.0), float(line.get("n_images", 0)))
    return {
        scheme: Conditions(sizes.get(scheme, {}), sha, int(count), *budget[scheme]) for scheme, count in counts.items()
    }


def budgets(lines: Iterable[Row], scenario: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Mean channel uses and bandwidth ratio by scheme.

    A scheme that is matched to another one has that one's, and one whose budget is a number has that number, also where they do not
    fill them.
    """
    lines = list(lines)
    own = {
        scheme: (_mean(lines, scheme, "channel_uses"), _mean(lines, scheme, "rho"))
        for scheme in dict.fromkeys(line["scheme"] for line in lines)
    }
    for scheme in scenario.get("schemes", []):
        if scheme["name"] in own:
            own[scheme["name"]] = _given(scheme, *own[scheme["name"]])
    matched = {scheme["name"]: scheme.get("rate_match") for scheme in scenario.get("schemes", [])}
    return {scheme: own.get(matched.get(scheme), uses) for scheme, uses in own.items()}


def _given(scheme: Mapping[str, Any], uses: float, rho: float) -> tuple[float, float]:
    """Channel uses and bandwidth ratio of a budget in `rho` or `channel_uses`; what was sent where there is none.

    A budget in bits is not told in channel uses without the link that carries them.
    """
    for unit, sent in (("rho", rho), ("channel_uses", uses)):
        try:
            allowed = float(exact_ratio(scheme[unit])) if scheme.get(unit) is not None else math.nan
        except (ValueError, TypeError, OverflowError):  # no scenario that was run has such a budget
            continue
        if allowed > 0 and sent > 0:
            return uses * allowed / sent, rho * allowed / sent
    return uses, rho


def unequal(a: Conditions, b: Conditions) -> str:
    """Why a comparison of the two would not be fair, in words; "" where it is."""
    shared = a.sizes.keys() & b.sizes.keys()
    reasons = []
    if a.n_images != b.n_images or (a.sizes and b.sizes and a.sizes.keys() != b.sizes.keys()):
        common = f", {len(shared)} of them the same" if a.sizes and b.sizes else ""
        reasons.append(f"other images ({a.n_images} against {b.n_images}{common})")
    elif a.images_sha256 and b.images_sha256 and a.images_sha256 != b.images_sha256:
        reasons.append("other image files of the same names")
    if other := [image for image in sorted(shared) if a.sizes[image] != b.sizes[image]]:
        (h, w), (height, width) = a.sizes[other[0]], b.sizes[other[0]]
        reasons.append(f"another size ({other[0]} is {h} x {w} against {height} x {width} pixels)")
    elif abs(a.channel_uses - b.channel_uses) > EQUAL * max(a.channel_uses, b.channel_uses):
        reasons.append(f"another budget (rho {a.rho:.4f} against {b.rho:.4f})")
    return " and ".join(reasons)


def _mean(lines: Iterable[Row], scheme: str, column: str) -> float:
    values = [number(line, column) for line in lines if line["scheme"] == scheme]
    values = [value for value in values if not math.isnan(value)]
    return math.fsum(values) / len(values) if values else math.nan


def _sizes(folder: Path) -> dict[str, dict[str, tuple[int, int]]]:
    from linksim.results.reading.frames import read_images

    if not os.path.lexists(folder / "images.parquet"):
        return {}
    images = read_images(folder, ["scheme", "image", "height", "width"])
    if not {"scheme", "image", "height", "width"} <= set(images.columns):
        return {}
    found: dict[str, dict[str, tuple[int, int]]] = {}
    rows = images[["scheme", "image", "height", "width"]].drop_duplicates()
    for scheme, image, height, width in rows.itertuples(index=False):
        found.setdefault(scheme, {})[image] = (int(height), int(width))
    return found
