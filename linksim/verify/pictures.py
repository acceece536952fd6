"""Codecs on the Kodak images against published curves, and LPIPS against its authors' example."""

from collections.abc import Iterator, Sequence

import numpy as np

from linksim.data.decode import read_image
from linksim.data.images import ImagesConfig, open_images
from linksim.data.store.catalog import ITEMS
from linksim.data.store.locate import find
from linksim.reports.codecs.rate_distortion import measure
from linksim.verify.card import Card, Check, between, within, within_share

_BPG = ((0.0678, 26.195), (0.1610, 28.682), (0.3516, 31.595), (0.6847, 34.857), (1.1997, 38.260), (1.9297, 41.479))
"""(bpp, PSNR in dB) of CompressAI's `results/image/kodak/bpg_444_x265_ycbcr.json`: BPG 0.9.8, x265, 4:4:4."""

_WEBP = ((0.2344, 28.328), (0.3529, 29.821), (0.5127, 31.443), (0.7708, 33.607), (0.9984, 35.104), (2.0104, 39.557))
"""(bpp, PSNR in dB) of CompressAI's `results/image/kodak/webp.json`: qualities 5, 15, 30, 55, 75 and 90 of Pillow 7.1.2."""

_JPEG = {
    5: (0.2212, 23.780),
    10: (0.3266, 26.577),
    20: (0.5084, 29.042),
    30: (0.6601, 30.378),
    50: (0.9060, 32.059),
    70: (1.2398, 33.793),
    90: (2.3502, 37.912),
}
"""(bpp, PSNR in dB) by quality of CompressAI's `results/image/kodak/jpeg.json`: Pillow 7.1.2."""


def _jpeg(short: bool) -> Iterator[Check]:
    qualities = (10,) if short else tuple(_JPEG)
    curve = measure("jpeg-annex-k", open_images(ImagesConfig(dataset="kodak")), qualities, metrics=("psnr",))
    for quality, bpp, psnr in zip(qualities, curve.bpp, curve.quality["psnr"], strict=True):
        yield within_share(f"quality {quality}, rate", bpp, _JPEG[quality][0], 0.005, "bit per pixel")
        yield within(f"quality {quality}, PSNR", psnr, _JPEG[quality][1], 0.15, "dB")


def _over_published(
    name: str, settings: Sequence[float], curve: Sequence[tuple[float, float]], low: float, high: float
) -> Iterator[Check]:
    """PSNR of the curve `name` over the published one, at the rates that the settings give, within `low` to `high`."""
    ours = measure(name, open_images(ImagesConfig(dataset="kodak")), settings, metrics=("psnr",))
    for setting, bpp, psnr in zip(settings, ours.bpp, ours.quality["psnr"], strict=True):
        what = f"setting {setting}, PSNR at {bpp:.3f} bpp over the published curve"
        yield between(what, psnr - _published(curve, bpp), low, high, "dB")


def _bpg(short: bool) -> Iterator[Check]:
    return _over_published("bpg-444", (38,) if short else (24, 30, 38, 44), _BPG, -0.1, 0.3)


def _webp(short: bool) -> Iterator[Check]:
    return _over_published("webp", (50,) if short else (10, 30, 50, 70, 90), _WEBP, -0.1, 0.3)


def _published(curve: Sequence[tuple[float, float]], bpp: float) -> float:
    """PSNR in dB of a curve, between its points by a cubic in log(bpp)."""
    from scipy.interpolate import PchipInterpolator

    rates, values = np.array(curve).T
    return float(PchipInterpolator(np.log(rates), values, extrapolate=False)(np.log(bpp)))


def _lpips(short: bool) -> Iterator[Check]:
    from linksim.metrics import lpips

    (folder,) = find(ITEMS["lpips-example"])
    reference, *others = (read_image(folder / f"ex_{name}.png") for name in ("ref", "p0", "p1"))
    for name, picture, published in zip(("ex_p0", "ex_p1"), others, (0.722, 0.138), strict=True):
        (measured,) = lpips(reference[None], picture[None], net="alex")
        yield within(f"AlexNet, ex_ref and {name}", float(measured), published, 0.0006)
    (same,) = lpips(reference[None], reference[None], net="alex")
    yield within("AlexNet, ex_ref and itself", float(same), 0.0, 0.0)


JPEG = Card(
    "kodak-jpeg",
    "JPEG on the 24 Kodak images: rate and PSNR by quality",
    "CompressAI, results/image/kodak/jpeg.json (Pillow 7.1.2)",
    "rate 0.5 %, PSNR 0.15 dB: another libjpeg-turbo decodes, which gives up to 0.1 dB more",
    _jpeg,
    ("kodak",),
)
BPG = Card(
    "kodak-bpg",
    "BPG 4:4:4 on the 24 Kodak images: PSNR over the published curve at the same rate",
    "CompressAI, results/image/kodak/bpg_444_x265_ycbcr.json (BPG 0.9.8 with x265)",
    "-0.1 to 0.3 dB: x265's preset veryslow is used here, which is slower and a little better than what bpgenc takes",
    _bpg,
    ("kodak",),
)
WEBP = Card(
    "kodak-webp",
    "WebP on the 24 Kodak images: PSNR over the published curve at the same rate",
    "CompressAI, results/image/kodak/webp.json (Pillow 7.1.2)",
    "-0.1 to 0.3 dB: libwebp's method 6 is used here, which is slower and a little better than the default 4",
    _webp,
    ("kodak",),
)
LPIPS = Card(
    "lpips",
    "LPIPS of the example of its authors",
    "github.com/richzhang/PerceptualSimilarity, issue 120 and test_network.py: 0.722 and 0.138",
    "0.0006: the values are published with three decimals",
    _lpips,
    ("lpips-alex", "lpips-example"),
)
