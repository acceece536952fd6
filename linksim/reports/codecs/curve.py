"""One codec's rate-distortion curve."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from linksim.metrics.registry import metric
from linksim.reports.tables.export import with_twins


class Images(Protocol):
    """What `run` needs of `linksim.data.images.ImageSource`."""

    ids: list[str]

    def load(self, i: int) -> np.ndarray:
        """Image `i`: uint8 `[height, width, 3]`."""


@dataclass(frozen=True)
class Curve:
    """One codec's operating points, in the order of its settings; each value is a mean over the images.

    Attributes:
        name: as in `rate_distortion.CURVES`, e.g. `bpg-420`, or a checkpoint.
        description: format and encoder settings.
        settings: qp, quality, compression ratio or number of stages.
        bpp: bits of the whole file per pixel.
        quality: by metric, e.g. `psnr`.
    """

    name: str
    description: str
    settings: tuple[float, ...]
    bpp: tuple[float, ...]
    quality: Mapping[str, tuple[float, ...]]

    def to_json(self) -> str:
        """The table in the layout of CompressAI's result files, whose plots read it."""
        quality = {name.replace("_", "-"): values for name, values in self.quality.items()}
        results = with_twins({"bpp": self.bpp} | quality)
        table = {"name": self.name, "description": self.description, "results": results}
        return json.dumps(table, indent=2) + "\n"


def quality_text(metrics: Iterable[str], values: Iterable[float]) -> str:
    """Values of metrics in words, e.g. `PSNR 30.12 dB, MS-SSIM 0.9512`."""
    shown = ((metric(name), value) for name, value in zip(metrics, values, strict=True))
    return ", ".join(f"{m.label} {value:.{m.decimals}f} {m.unit}".rstrip() for m, value in shown)
