"""One codec's rate-distortion curve."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Curve:
    """One codec's operating points, in the order of its settings; each value is a mean over the images.

    Attributes:
        name: `bpg-420`, `bpg-444`, `jpeg` or `jpeg-annex-k`.
        description: format and encoder settings.
        settings: qp or quality.
        bpp: bits of the whole file per pixel.
        psnr_db: of RGB, mean of the images' PSNR.
        ms_ssim: of RGB.
    """

    name: str
    description: str
    settings: tuple[int, ...]
    bpp: tuple[float, ...]
    psnr_db: tuple[float, ...]
    ms_ssim: tuple[float, ...]

    def to_json(self) -> str:
        """The table in the layout of CompressAI's result files, whose plots read it."""
        results = {"bpp": self.bpp, "psnr": self.psnr_db, "ms-ssim": self.ms_ssim}
        table = {"name": self.name, "description": self.description, "results": results}
        return json.dumps(table, indent=2) + "\n"
