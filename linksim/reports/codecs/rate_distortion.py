"""Rate and distortion of codecs and codebooks without a link: bits per pixel, and metrics over a set of images."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from linksim.codecs.bpg_codec import BpgCodec
from linksim.codecs.checks import check_choice
from linksim.codecs.file_codec import FileCodec
from linksim.codecs.jpeg_codec import JpegCodec
from linksim.codecs.pillow.avif import AvifCodec
from linksim.codecs.pillow.jpeg2000 import Jpeg2000Codec
from linksim.codecs.pillow.webp import WebpCodec
from linksim.common.errors import InputError
from linksim.common.writing import make_writable, write_bytes
from linksim.metrics.registry import metric
from linksim.reports.codecs import figure as rd_report
from linksim.reports.codecs.codebooks import LOOKS, Codec, measure_codebook
from linksim.reports.codecs.curve import Curve, Images, quality_text

METRICS = ("psnr", "ms_ssim")
"""What is measured unless other metrics are asked for."""


@dataclass(frozen=True)
class Measured:
    """A curve that can be measured.

    Attributes:
        make: gives its codec.
        description: format and encoder settings, with a place for the `settings`.
        settings: where it is measured.
        look: line style and marker.
    """

    make: Callable[[], FileCodec]
    description: str
    settings: Sequence[float]
    look: tuple[str, str]


_QPS = tuple(range(22, 51, 2))
_QUALITIES = (5, 7, 10, 12, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 95)
_RATIOS = (192, 128, 96, 64, 48, 32, 24, 16, 12, 8)
_X265 = "x265 preset veryslow, tune ssim, qp {settings}"
CURVES = {
    "bpg-420": Measured(BpgCodec, f"BPG, 4:2:0, {_X265}", _QPS, ("-", "o")),
    "bpg-444": Measured(lambda: BpgCodec(chroma="444"), f"BPG, 4:4:4, {_X265}", _QPS, ("--", "s")),
    "jpeg": Measured(JpegCodec, "JPEG, 4:2:0, optimized Huffman tables, quality {settings}", _QUALITIES, ("-", "^")),
    "jpeg-annex-k": Measured(
        lambda: JpegCodec(optimize=False),
        "JPEG, 4:2:0, Huffman tables of Annex K, quality {settings}",
        _QUALITIES,
        (":", "v"),
    ),
    "jpeg2000": Measured(
        Jpeg2000Codec,
        "JPEG 2000, codestream of OpenJPEG, 4:4:4, irreversible wavelet, compression ratio {settings}",
        _RATIOS,
        ("-.", "D"),
    ),
    "webp": Measured(
        WebpCodec, "WebP, lossy, 4:2:0, libwebp method 6, quality {settings}", (0, *_QUALITIES), ("--", "P")
    ),
    "avif": Measured(AvifCodec, "AVIF, 4:2:0, aom speed 4, quality {settings}", (0, *range(10, 91, 10)), ("-", "X")),
}
"""What can be measured, by name."""

CODECS = {
    "bpg": ("bpg-420", "bpg-444"),
    "jpeg": ("jpeg", "jpeg-annex-k"),
    **{name: (name,) for name in CURVES if name != "jpeg"},
}
"""Names for `run` and the curves that each stands for."""


def run(
    codecs: Sequence[str],
    images: Images,
    out: Path | str = "results/codecs",
    image_set: str = "",
    progress: Callable[[str], None] = lambda text: None,
    metrics: Sequence[str] = METRICS,
    codebooks: Mapping[str, Codec] | None = None,
) -> list[Curve]:
    """Measure the curves of `codecs` and `codebooks` and write one JSON table each, a comparison with published curves, a figure.

    Encodes (but JPEG's) come from the encode cache where they are in it.

    Args:
        codecs: names out of `CODECS`; `bpg` gives 4:2:0 and 4:4:4, `jpeg` both kinds of Huffman tables.
        images: the pictures, e.g. `linksim.data.images.open_images(...)`.
        out: folder for `<curve>.json`, `rd.png`, `rd.pdf` and, for `kodak`, `comparison.csv`.
        image_set: name of the image set, for the figure's title and the choice of published points.
        progress: called with one short line after each operating point.
        metrics: names of what is measured.
        codebooks: codecs of checkpoints by name, measured at every number of their stages.

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
    taken = [name for name in codebooks or {} if name in CURVES]
    if taken:
        raise InputError(f"checkpoint {taken[0]!r} has the name of a codec's curve; give the file another name")
    folder = Path(out)
    make_writable(folder)
    names = dict.fromkeys(curve for name in codecs for curve in CODECS[name])
    curves = [measure(name, images, progress=progress, metrics=metrics) for name in names]
    looks = {name: curve.look for name, curve in CURVES.items()}
    for number, (name, codec) in enumerate((codebooks or {}).items()):
        curves.append(measure_codebook(name, codec, images, progress, metrics))
        looks[name] = LOOKS[number % len(LOOKS)]
    for curve in curves:
        write_bytes(folder / f"{curve.name}.json", curve.to_json().encode())
    published = rd_report.PUBLISHED if image_set == "kodak" and "psnr" in metrics else {}
    if published:
        write_bytes(folder / "comparison.csv", rd_report.comparison(curves, published).encode())
    rd_report.figure(curves, looks, published, image_set, folder)
    return curves


def measure(
    name: str,
    images: Images,
    settings: Sequence[float] | None = None,
    progress: Callable[[str], None] = lambda text: None,
    metrics: Sequence[str] = METRICS,
) -> Curve:
    """The curve `name` at `settings` (its usual ones if None); see `run`."""
    settings = settings or CURVES[name].settings
    codec, points = CURVES[name].make(), []
    for setting in settings:
        values = []
        for number in range(len(images.ids)):
            image = images.load(number)
            n_bytes, shown = _code(codec, image, setting)
            bpp = 8 * n_bytes / (image.shape[0] * image.shape[1])
            values.append((bpp, *(float(metric(name).values(image[None], shown[None])[0]) for name in metrics)))
        points.append(tuple(float(value) for value in np.mean(values, axis=0)))
        progress(f"{name} at {setting}: {points[-1][0]:.3f} bpp, {quality_text(metrics, points[-1][1:])}")
    description = CURVES[name].description.format(settings=", ".join(map(str, settings)))
    bpps, *columns = zip(*points, strict=True)
    return Curve(name, description, tuple(settings), bpps, dict(zip(metrics, columns, strict=True)))


def _code(codec: FileCodec, image: np.ndarray, setting: float) -> tuple[int, np.ndarray]:
    """Bytes of the file and the picture it shows."""
    data = codec.encoder(image)(setting)
    return len(data), codec.decode(data, (image.shape[0], image.shape[1]))
