"""`linksim codec-rd`: rate-distortion curves of the codecs."""

import sys
from pathlib import Path

from linksim.cli.images import named_images
from linksim.codecs.checks import check_choice
from linksim.common.tensorflow import import_tensorflow
from linksim.reports.codecs import rate_distortion as rd


def codec_rd_command(codecs: list[str], images: str, count: int | None, out: Path, metrics: list[str]) -> None:
    """Measure the curves, write them, and print what was measured. `images` names a data set or a folder."""
    for name in codecs:  # a wrong name is said before images are looked for, which may be absent
        check_choice("codec", name, tuple(rd.CODECS))
    source = named_images(images, count)
    import_tensorflow()
    curves = rd.run(codecs, source, out, images, lambda text: print(text, file=sys.stderr, flush=True), metrics)
    for curve in curves:
        print(f"{curve.name}: {curve.description}")
        for setting, bpp, *values in zip(curve.settings, curve.bpp, *curve.quality.values(), strict=True):
            print(f"  {setting:>3}  {bpp:.4f} bpp  {rd.quality_text(curve.quality, values)}")
    print(f"Written to {out}")
