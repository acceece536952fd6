"""K-means over features, to start a codebook and to draw distortion against codebook size."""

import numpy as np

from linksim.common.seeds import generator


def nearest(points: np.ndarray, centres: np.ndarray, chunk: int = 8192) -> np.ndarray:
    """Index of the nearest centre of each point: `[n, D]`, `[K, D]` -> int64 `[n]`."""
    half_norms = 0.5 * np.sum(centres**2, -1)
    parts = [np.argmax(points[i : i + chunk] @ centres.T - half_norms, -1) for i in range(0, len(points), chunk)]
    return np.concatenate(parts)


def kmeans(points: np.ndarray, size: int, iterations: int = 20, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Lloyd's algorithm from random data points; empty cells restart at the points farthest from their centre.

    Args:
        points: `[n, D]` with `n >= size`.
        size: number of centres K.

    Returns:
        centres float32 `[K, D]` and the counts `[K]` of the final partition.
    """
    rng = generator(seed, size, "kmeans")
    centres = points[rng.choice(len(points), size, replace=False)].astype(np.float32)
    counts = np.zeros(size)
    for _ in range(iterations):
        labels = nearest(points, centres)
        counts = np.bincount(labels, minlength=size).astype(np.float64)
        sums = np.zeros((size, points.shape[1]))
        np.add.at(sums, labels, points)
        used = counts > 0
        centres[used] = (sums[used] / counts[used, None]).astype(np.float32)
        if not used.all():
            distance = np.sum((points - centres[labels]) ** 2, -1)
            centres[~used] = points[np.argsort(distance)[-np.count_nonzero(~used) :]]
    return centres, np.bincount(nearest(points, centres), minlength=size).astype(np.float64)
