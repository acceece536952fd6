"""Rate and distortion of the codecs alone, without a link: bits per pixel, and metrics over a set of images."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from linksim.codecs.bpg_codec import BpgCodec
from linksim.codecs.checks import check_choice
from linksim.codecs.file_codec import FileCodec
from linksim.codecs.jpeg_codec import JpegCodec
from linksim.common.errors import InputError
from linksim.metrics.registry import metric
from linksim.reports.codecs import figure as rd_report
from linksim.reports.codecs.curve import Curve

BPG_QPS = tuple(range(22, 51, 2))
JPEG_QUALITIES = (5, 7, 10, 12, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 95)
CODECS = {
    "bpg": ("bpg-420", "bpg-444"),
    "bpg-420": ("bpg-420",),
    "bpg-444": ("bpg-444",),
    "jpeg": ("jpeg", "jpeg-annex-k"),
}
"""Names for `run` and the curves that each stands for."""

METRICS = ("psnr", "ms_ssim")
"""What is measured unless other metrics are asked for."""

DESCRIPTIONS = {
    "bpg-420": "BPG, 4:2:0, x265 preset veryslow, tune ssim, qp {settings}",
    "bpg-444": "BPG, 4:4:4, x265 preset veryslow, tune ssim, qp {settings}",
    "jpeg": "JPEG, 4:2:0, optimized Huffman tables, quality {settings}",
    "jpeg-annex-k": "JPEG, 4:2:0, Huffman tables of Annex K, quality {settings}",
}


class Images(Protocol):
    """What `run` needs of `linksim.data.images.ImageSource`."""

    ids: list[str]

    def load(self, i: int) -> np.ndarray:
        """Image `i`: uint8 `[height, width, 3]`."""


def run(
    codecs: Sequence[str],
    images: Images,
    out: Path | str = "results/codecs",
    image_set: str = "",
    progress: Callable[[str], None] = lambda text: None,
    metrics: Sequence[str] = METRICS,
) -> list[Curve]:
    """Measure the curves of `codecs` and write one JSON table each, a comparison with published curves, a figure.

    BPG encodes come from the encode cache where they are in it.

    Args:
        codecs: names out of `CODECS`; `bpg` gives 4:2:0 and 4:4:4, `jpeg` both kinds of Huffman tables.
        images: the pictures, e.g. `linksim.data.images.open_images(...)`.
        out: folder for `<curve>.json`, `rd.png`, `rd.pdf` and, for `kodak`, `comparison.csv`.
        image_set: name of the image set, for the figure's title and the choice of published points.
        progress: called with one short line after each operating point.
        metrics: names of what is measured.

    Returns:
        The curves, in the order written.

    Raises:
        InputError: an unknown codec or metric, no images, or a folder that cannot be written.
    """
    for name in codecs:
        check_choice("codec", name, tuple(CODECS))
    for name in metrics:
        metric(name).require_one_size((images.load(i).shape[:2] for i in range(len(images.ids))), f"images: {name}")
    if not images.ids:
        raise InputError("images: none given; give at least one")
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"out: {folder} cannot be made ({error.strerror}); give a folder you can write") from error
    names = dict.fromkeys(curve for name in codecs for curve in CODECS[name])
    curves = [measure(name, images, progress=progress, metrics=metrics) for name in names]
    for curve in curves:
        (folder / f"{curve.name}.json").write_text(curve.to_json())
    published = rd_report.PUBLISHED if image_set == "kodak" and "psnr" in metrics else {}
    if published:
        (folder / "comparison.csv").write_text(rd_report.comparison(curves, published))
    rd_report.figure(curves, published, image_set, folder)
    return curves


def measure(
    name: str,
    images: Images,
    settings: Sequence[int] | None = None,
    progress: Callable[[str], None] = lambda text: None,
    metrics: Sequence[str] = METRICS,
) -> Curve:
    """The curve `name` at `settings` (its usual ones if None); see `run`."""
    settings = settings or (BPG_QPS if name.startswith("bpg") else JPEG_QUALITIES)
    points = []
    for setting in settings:
        values = []
        for number in range(len(images.ids)):
            image = images.load(number)
            n_bytes, shown = _code(name, image, setting)
            bpp = 8 * n_bytes / (image.shape[0] * image.shape[1])
            values.append((bpp, *(float(metric(name).values(image[None], shown[None])[0]) for name in metrics)))
        points.append(tuple(float(value) for value in np.mean(values, axis=0)))
        progress(f"{name} at {setting}: {points[-1][0]:.3f} bpp, {quality_text(metrics, points[-1][1:])}")
    description = DESCRIPTIONS[name].format(settings=", ".join(map(str, settings)))
    bpps, *columns = zip(*points, strict=True)
    return Curve(name, description, tuple(settings), bpps, dict(zip(metrics, columns, strict=True)))


def quality_text(metrics: Iterable[str], values: Iterable[float]) -> str:
    """Values of metrics in words, e.g. `PSNR 30.12 dB, MS-SSIM 0.9512`."""
    shown = ((metric(name), value) for name, value in zip(metrics, values, strict=True))
    return ", ".join(f"{m.label} {value:.{m.decimals}f} {m.unit}".rstrip() for m, value in shown)


def _code(name: str, image: np.ndarray, setting: int) -> tuple[int, np.ndarray]:
    """Bytes of the file and the picture it shows."""
    codec: FileCodec = JpegCodec(optimize=name == "jpeg")
    if name.startswith("bpg"):
        codec = BpgCodec(chroma=name.removeprefix("bpg-"))
    data = codec.encoder(image)(setting)
    return len(data), codec.decode(data, (image.shape[0], image.shape[1]))
