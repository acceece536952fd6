"""Originals and received pictures in, one number per image out."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linksim.metrics.lpips_v01 import lpips
    from linksim.metrics.metric import Metric
    from linksim.metrics.peak_noise import psnr
    from linksim.metrics.structural import ms_ssim, ssim

_MODULES = {
    "lpips": "lpips_v01",
    "ms_ssim": "structural",
    "ssim": "structural",
    "psnr": "peak_noise",
    "Metric": "metric",
}

__all__ = ["Metric", "lpips", "ms_ssim", "psnr", "ssim"]


def __getattr__(name: str) -> object:
    # The table of metrics is read with every scenario, so nothing that computes one is imported before it is needed.
    if name in _MODULES:
        return getattr(import_module(f"linksim.metrics.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
