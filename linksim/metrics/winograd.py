"""Convolutions of 3 x 3 with a quarter of the multiplications: Winograd's F(4 x 4, 3 x 3).

Source: Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016. Tiles of 6 x 6 values and the
kernels are taken to their values at the points 0, 1, -1, 2, -2 and infinity along each axis, where a convolution is a
product of matrices over the channels; 4 x 4 results come back of each tile.
"""

from typing import Any

import numpy as np
from keras import ops

TILE = 6
STEP = 4
_POINTS = (0.0, 1.0, -1.0, 2.0, -2.0)


def _matrices() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Transforms of a kernel `[6, 3]`, of values `[6, 6]` and back `[4, 6]`, float64, along one axis."""
    distances = [np.prod([p - q for q in _POINTS if q != p]) for p in _POINTS]
    kernel = np.array([[p**k / d for k in range(3)] for p, d in zip(_POINTS, distances, strict=True)] + [[0, 0, 1]])
    back = np.array([[p**k for p in _POINTS] + [float(k == STEP - 1)] for k in range(STEP)])
    # Of the values: that with which sum_k back[i, k] kernel[k, j] values[k, t] is 1 where t = i + j, else 0.
    products = (back[:, None] * kernel.T[None]).reshape(-1, TILE)
    wanted = np.array([[float(t == i + j) for t in range(TILE)] for i in range(STEP) for j in range(3)])
    return kernel, np.linalg.lstsq(products, wanted, rcond=None)[0], back


_KERNEL, _VALUES, _BACK = _matrices()
_VALUES_2D = np.kron(_VALUES, _VALUES).astype(np.float32)
_BACK_2D = np.kron(_BACK, _BACK).astype(np.float32)


def transformed(kernel: np.ndarray) -> np.ndarray:
    """A kernel `[3, 3, in, out]` at the points: float32 `[36, in, out]`."""
    points = np.einsum("ia,abcd,jb->ijcd", _KERNEL, kernel.astype(np.float64), _KERNEL)
    return points.reshape(TILE * TILE, *kernel.shape[2:]).astype(np.float32)


def conv(x: Any, kernel: Any) -> Any:
    """Convolution of `x` `[batch, height, width, in]` with zeros around it and a `transformed` kernel, stride 1.

    Returns:
        `[batch, height, width, out]`; in float32 some 1e-5 of the largest value from the direct convolution.
    """
    batch, height, width = (ops.shape(x)[axis] for axis in range(3))
    rows, columns, channels = -(-height // STEP), -(-width // STEP), kernel.shape[1]
    below, right = ((count + 1) * STEP - size - 1 for count, size in ((rows, height), (columns, width)))
    x = ops.pad(x, ((0, 0), (1, below), (1, right), (0, 0)))
    # Of blocks of 4 x 4 a tile has one, and two rows and columns of its neighbours. (Keras' patches are a convolution.)
    x = ops.reshape(x, (batch, rows + 1, STEP, columns + 1, STEP, channels))
    x = ops.concatenate([x[:, :-1], x[:, 1:, : TILE - STEP]], axis=2)
    x = ops.concatenate([x[:, :, :, :-1], x[:, :, :, 1:, : TILE - STEP]], axis=4)
    tiles = ops.reshape(ops.transpose(x, (2, 4, 0, 1, 3, 5)), (TILE * TILE, -1))
    values = ops.reshape(ops.matmul(_VALUES_2D, tiles), (TILE * TILE, -1, channels))
    products = ops.reshape(ops.matmul(values, kernel), (TILE * TILE, -1))
    out = ops.reshape(ops.matmul(_BACK_2D, products), (STEP, STEP, batch, rows, columns, kernel.shape[2]))
    out = ops.transpose(out, (2, 3, 0, 4, 1, 5))
    return ops.reshape(out, (batch, rows * STEP, columns * STEP, kernel.shape[2]))[:, :height, :width]
