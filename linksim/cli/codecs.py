"""`linksim codec-rd`: rate-distortion curves of codecs and codebooks."""

import sys
from pathlib import Path

from linksim.cli.images import named_images
from linksim.codecs.checks import check_choice
from linksim.common.errors import InputError
from linksim.common.tensorflow import import_tensorflow
from linksim.reports.codecs import rate_distortion as rd
from linksim.reports.codecs.curve import quality_text


def codec_rd_command(
    codecs: list[str],
    checkpoints: list[str],
    images: str,
    count: int | None,
    size: int | None,
    out: Path,
    metrics: list[str],
) -> None:
    """Measure the curves, write them, and print what was measured.

    Args:
        codecs: names of `rate_distortion.CODECS`.
        checkpoints: names of shipped checkpoints, or paths.
        images: a data set or a folder, of which the first `count` images are taken.
        size: side of the square that images are cut and resized to; None: as they are.
        out: folder of tables and figure.
        metrics: what is measured.
    """
    for name in codecs:  # a wrong name is said before images are looked for, which may be absent
        check_choice("codec", name, tuple(rd.CODECS))
    source = named_images(images, count, size)
    import_tensorflow()
    from linksim.semantic.codec import load_checkpoint

    codebooks = {}
    for name in checkpoints:
        if (stem := Path(name).stem) in codebooks:
            raise InputError(
                f"--checkpoint {name}: two are called {stem!r}, and curves are told apart by that; rename one"
            )
        codebooks[stem] = load_checkpoint(name)
    curves = rd.run(
        codecs, source, out, images, lambda text: print(text, file=sys.stderr, flush=True), metrics, codebooks
    )
    for curve in curves:
        print(f"{curve.name}: {curve.description}")
        for setting, bpp, *values in zip(curve.settings, curve.bpp, *curve.quality.values(), strict=True):
            print(f"  {setting:>3}  {bpp:.4f} bpp  {quality_text(curve.quality, values)}")
    print(f"Written to {out}")
