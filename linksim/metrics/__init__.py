"""Image quality: PSNR, SSIM, MS-SSIM and LPIPS of uint8-rounded images, one value per image."""

from linksim.metrics.pixels import ms_ssim, psnr, ssim

__all__ = ["lpips", "ms_ssim", "psnr", "ssim"]


def __getattr__(name: str) -> object:
    if name == "lpips":  # needs Keras, which takes seconds to import
        from linksim.metrics.lpips_v01 import lpips

        return lpips
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
