"""One codec's rate-distortion curve."""

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Curve:
    """One codec's operating points, in the order of its settings; each value is a mean over the images.

    Attributes:
        name: as in `rate_distortion.CURVES`, e.g. `bpg-420`.
        description: format and encoder settings.
        settings: qp, quality or compression ratio.
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
        results = {"bpp": self.bpp} | quality
        table = {"name": self.name, "description": self.description, "results": results}
        return json.dumps(table, indent=2) + "\n"
