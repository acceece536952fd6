"""Measures and pictures shared by the codec tests."""

import numpy as np


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """In dB; infinite for equal pictures."""
    error = np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)
    return float("inf") if error == 0 else 10 * np.log10(255**2 / error)


def smooth_picture(height: int, width: int, seed: int) -> np.ndarray:
    """Random waves, no two alike: uint8 [height, width, 3]."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = np.zeros((height, width, 3))
    for _ in range(4):
        fy, fx = random.uniform(-0.3, 0.3, 2)
        waves += random.uniform(-30, 30, 3) * np.sin(fy * y + fx * x + random.uniform(0, 6))[..., None]
    return np.clip(random.integers(60, 196, 3) + waves, 0, 255).astype(np.uint8)
