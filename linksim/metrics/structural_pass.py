"""One compiled pass over a pair of planes: local means and variances in the Gaussian window, and the means of SSIM's two
factors.

The window is separable. Sums and differences of the two pictures, `s = x + y` and `d = x - y`, take its place of `x`,
`y` and their three products: `2 mu_x mu_y = (mu_s^2 - mu_d^2) / 2`, `mu_x^2 + mu_y^2 = (mu_s^2 + mu_d^2) / 2`, and so
for the variances. That is four filters instead of five, and none of them is of a product of two different signals, so
equal pictures give exactly 1. The mean grey is taken off `s` first, which keeps the variances' rounding small.
"""

import numpy as np

from linksim.common.compiled.kept import kept_njit

TAPS = 11
SIGMA = 1.5
# Wang et al. 2004, for values in [0, 1].
C1 = np.float32(0.01**2)
C2 = np.float32(0.03**2)
HALF = np.float32(0.5)
ONE = np.float32(1)
ZERO = np.float32(0)


def window() -> np.ndarray:
    """Gaussian window of `TAPS` taps and deviation `SIGMA`, float32 `[TAPS]`, sum 1."""
    offsets = np.arange(TAPS) - (TAPS - 1) / 2
    taps = np.exp(-0.5 * (offsets / SIGMA) ** 2)
    return (taps / taps.sum()).astype(np.float32)


@kept_njit(error_model="numpy", fastmath={"contract"})
def _filter_row(a, b, y, taps, row, filtered):  # pragma: no cover - compiled
    """Filter row `y` of `s`, `d` and their squares along the row: float32 `[4 * (width - 10)]` in `filtered`."""
    width = a.shape[1]
    wide = width - TAPS + 1
    for x in range(width):
        s, d = a[y, x] + b[y, x] - ONE, a[y, x] - b[y, x]
        row[x] = s
        row[width + x] = d
        row[2 * width + x] = s * s
        row[3 * width + x] = d * d
    w0, w1, w2, w3, w4, w5 = taps[0], taps[1], taps[2], taps[3], taps[4], taps[5]
    for quantity in range(4):
        source, target = quantity * width, quantity * wide
        for x in range(wide):
            i = source + x
            filtered[target + x] = (
                w0 * (row[i] + row[i + 10])
                + w1 * (row[i + 1] + row[i + 9])
                + w2 * (row[i + 2] + row[i + 8])
                + w3 * (row[i + 3] + row[i + 7])
                + w4 * (row[i + 4] + row[i + 6])
                + w5 * row[i + 5]
            )


@kept_njit(error_model="numpy", fastmath={"contract"})
def _filter_column(ring, oldest, taps, out):  # pragma: no cover - compiled
    """Filter down the columns of the last `TAPS` rows, which lie in `ring` from `oldest` on."""
    count = out.size
    middle = ring[(oldest + 5) % TAPS]
    for x in range(count):
        out[x] = taps[5] * middle[x]
    # Few arrays per loop: beyond a handful, the compiler cannot rule out that they overlap and stops vectorizing.
    for t in range(5):
        above, below, weight = ring[(oldest + t) % TAPS], ring[(oldest + 10 - t) % TAPS], taps[t]
        for x in range(count):
            out[x] += weight * (above[x] + below[x])


@kept_njit(error_model="numpy", fastmath={"contract"})
def _add_factors(moments, both, contrast):  # pragma: no cover - compiled
    """Add SSIM and its contrast-structure factor of one row, by column, to float64 `both` and `contrast`."""
    wide = both.size
    for x in range(wide):
        ms, md = moments[x], moments[wide + x]
        vs = max(moments[2 * wide + x] - ms * ms, ZERO)
        vd = max(moments[3 * wide + x] - md * md, ZERO)
        ms += ONE
        luminance = (HALF * (ms * ms - md * md) + C1) / (HALF * (ms * ms + md * md) + C1)
        cs = (HALF * (vs - vd) + C2) / (HALF * (vs + vd) + C2)
        both[x] += luminance * cs
        contrast[x] += cs


@kept_njit(error_model="numpy", fastmath={"contract"})
def _plane_factors(a, b, taps):  # pragma: no cover - compiled
    """Means of SSIM and of its contrast-structure factor over the positions of two planes float32 `[height, width]`."""
    height, width = a.shape
    wide = width - TAPS + 1
    row, moments = np.empty(4 * width, np.float32), np.empty(4 * wide, np.float32)
    ring = np.empty((TAPS, 4 * wide), np.float32)
    both, contrast = np.zeros(wide), np.zeros(wide)
    for y in range(height):
        _filter_row(a, b, y, taps, row, ring[y % TAPS])
        if y >= TAPS - 1:
            _filter_column(ring, (y + 1) % TAPS, taps, moments)
            _add_factors(moments, both, contrast)
    positions = wide * (height - TAPS + 1)
    return both.sum() / positions, contrast.sum() / positions


@kept_njit(error_model="numpy")
def _halve(plane):  # pragma: no cover - compiled
    """Means of 2 x 2 pixels; an odd side is filled up with its last row or column."""
    height, width = plane.shape
    out = np.empty(((height + 1) // 2, (width + 1) // 2), np.float32)
    for y in range(out.shape[0]):
        top, bottom = plane[2 * y], plane[min(2 * y + 1, height - 1)]
        for x in range(width // 2):
            out[y, x] = np.float32(0.25) * ((top[2 * x] + top[2 * x + 1]) + (bottom[2 * x] + bottom[2 * x + 1]))
        if width % 2:
            out[y, width // 2] = HALF * (top[width - 1] + bottom[width - 1])
    return out


@kept_njit()
def _plane(image, channel):  # pragma: no cover - compiled
    height, width = image.shape[:2]
    out = np.empty((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            out[y, x] = np.float32(image[y, x, channel]) / np.float32(255)
    return out


@kept_njit()
def factors(a, b, scales, taps):  # pragma: no cover - compiled
    """SSIM and its contrast-structure factor of two pictures, at each scale and in each channel.

    Args:
        a, b: uint8 `[height, width, channels]`.
        scales: number of scales; each halves the picture before, rounded up.
        taps: `window()`.

    Returns:
        float64 `[2, scales, channels]`: means over the positions where the whole window is inside.
    """
    channels = a.shape[2]
    out = np.empty((2, scales, channels))
    for channel in range(channels):
        x, y = _plane(a, channel), _plane(b, channel)
        for scale in range(scales):
            if scale:
                x, y = _halve(x), _halve(y)
            out[0, scale, channel], out[1, scale, channel] = _plane_factors(x, y, taps)
    return out
