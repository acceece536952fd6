"""Chroma subsampling and its way back. Both filters are free choices of encoder and viewer, not part of BPG.

Sampling points, in pixels along one axis: with JPEG siting chroma sample n lies between the pixels 2n and 2n + 1,
with MPEG-2 siting (horizontally only) on pixel 2n. Edges are continued by their last value.
"""

import numpy as np

from linksim.codecs.bpg.container import C444, GREY, J420, J422, M420, M422


def _lanczos(positions: np.ndarray, lobes: int) -> np.ndarray:
    weights = np.sinc(positions) * np.sinc(positions / lobes) * (np.abs(positions) < lobes)
    return weights / weights.sum()


UNIT = 64
QUARTER = np.rint(UNIT * _lanczos(np.arange(-3, 4) - 0.25, 4)).astype(np.int32)  # at +1/4: -1 4 -10 57 18 -6 2
HALF = np.rint(UNIT * _lanczos(np.arange(-3, 5) - 0.5, 4)).astype(np.int32)  # at +1/2: -1 4 -11 40 40 -11 4 -1
BETWEEN = _lanczos((np.arange(8) - 3.5) / 2, 2).astype(np.float32)
"""Low-pass of half the bandwidth, centred between two pixels (JPEG siting): Lanczos windowed sinc of 8 taps."""


def _filter(samples: np.ndarray, taps: np.ndarray, before: int, step: int = 1) -> np.ndarray:
    """sum_k taps[k] samples[step n - before + k] for every n, along axis 0."""
    padded = np.pad(samples, ((before, len(taps) - 1 - before), (0, 0)), mode="edge")
    count = len(samples)
    return sum(taps[k] * padded[k : k + count : step] for k in range(len(taps)))  # type: ignore[return-value]


def _halve(plane: np.ndarray) -> np.ndarray:
    even = np.pad(plane, ((0, len(plane) % 2), (0, 0)), mode="edge")
    return _filter(even, BETWEEN, before=3, step=2)


def subsample(plane: np.ndarray, pixel_format: int) -> np.ndarray:
    """Chroma of an encoder: float32 `[height, width]` to `[ceil(height / 2), ceil(width / 2)]` (J420), or the
    width alone (J422)."""
    if pixel_format in (J420, J422):
        plane = _halve(plane.T).T
    return _halve(plane) if pixel_format == J420 else plane


def _double(samples: np.ndarray, cosited: bool) -> np.ndarray:
    """Twice as many samples along axis 0, scaled by `UNIT`."""
    if cosited:
        even, odd = samples * UNIT, _filter(samples, HALF, before=3)
    else:
        even, odd = _filter(samples, QUARTER[::-1], before=3), _filter(samples, QUARTER, before=3)
    return np.stack([even, odd], axis=1).reshape(2 * len(samples), -1)


def upsample(plane: np.ndarray, pixel_format: int, height: int, width: int) -> np.ndarray:
    """Chroma of a viewer: uint8 `[ceil(height / 2), ceil(width / 2)]` (or the format's own size) to
    `[height, width]`, by Lanczos kernels (a = 4) in 1/64ths."""
    if pixel_format in (GREY, C444):
        return plane
    samples, scale = plane.astype(np.int32), UNIT
    if pixel_format in (J420, M420):
        samples, scale = _double(samples, cosited=False)[:height], UNIT * UNIT
    samples = _double(samples.T, cosited=pixel_format in (M420, M422))[:width].T
    return np.clip((samples + scale // 2) // scale, 0, 255).astype(np.uint8)
