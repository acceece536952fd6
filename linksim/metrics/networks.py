"""The convolution layers of AlexNet, SqueezeNet 1.1 and VGG16, tapped where LPIPS and the Gram loss look.

Plain functions of weights and images in `keras.ops`, so that they run, and have gradients, on every Keras backend. All
operations name `channels_last` themselves and do not depend on Keras' setting.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from keras import ops

from linksim.metrics import winograd

Weights = Mapping[str, Any]

# Number of the convolution in torchvision's `features`, by name of the ReLU behind it; "pool" stands between the
# blocks.
VGG16 = {
    "relu1_1": 0, "relu1_2": 2,
    "relu2_1": 5, "relu2_2": 7,
    "relu3_1": 10, "relu3_2": 12, "relu3_3": 14,
    "relu4_1": 17, "relu4_2": 19, "relu4_3": 21,
    "relu5_1": 24, "relu5_2": 26, "relu5_3": 28,
}  # fmt: skip


def hwio(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Kernels of torch's axis order (out, in, height, width) in that of Keras: height, width, in, out."""
    return {k: np.ascontiguousarray(v.transpose(2, 3, 1, 0)) if v.ndim == 4 else v for k, v in weights.items()}


WIDE = 128
"""Channels from which on a kernel of 3 x 3 is transformed: below, the transforms take what the products save."""


def at_points(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Wide kernels of 3 x 3 as `winograd` takes them, by the names that the networks use them under."""
    kernels = {k.removesuffix(".weight"): v for k, v in weights.items() if v.ndim == 4}
    wide = {k: v for k, v in kernels.items() if v.shape[:2] == (3, 3) and v.shape[2] >= WIDE}
    return {f"{k}.points": winograd.transformed(v) for k, v in wide.items()}


def _conv(w: Weights, name: str, x: Any, stride: int = 1, padding: str = "same") -> Any:
    points = w.get(f"{name}.points")
    if points is not None:
        y = winograd.conv(x, ops.cast(points, x.dtype))
    else:
        kernel = ops.cast(w[f"{name}.weight"], x.dtype)
        y = ops.conv(x, kernel, strides=stride, padding=padding, data_format="channels_last")
    return ops.relu(y + ops.cast(w[f"{name}.bias"], x.dtype))


def _pool(x: Any, size: int = 3) -> Any:
    return ops.max_pool(x, size, strides=2, padding="valid", data_format="channels_last")


def alexnet(w: Weights, x: Any) -> list[Any]:
    """ReLU outputs of the five convolutions of torchvision's AlexNet: `[batch, h, w, 64 | 192 | 384 | 256 | 256]`."""
    x = ops.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))
    taps = [_conv(w, "features.0", x, stride=4, padding="valid")]
    taps.append(_conv(w, "features.3", _pool(taps[-1])))
    taps.append(_conv(w, "features.6", _pool(taps[-1])))
    taps.append(_conv(w, "features.8", taps[-1]))
    taps.append(_conv(w, "features.10", taps[-1]))
    return taps


def _fire(w: Weights, number: int, x: Any) -> Any:
    squeezed = _conv(w, f"features.{number}.squeeze", x)
    expanded = [_conv(w, f"features.{number}.expand{size}", squeezed) for size in ("1x1", "3x3")]
    return ops.concatenate(expanded, axis=-1)


def _pool_rounded_up(x: Any) -> Any:
    # One row and column of zeros is what rounding the output size up needs, and is no maximum behind a ReLU; where the
    # size is odd no window reaches it.
    return _pool(ops.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0))))


def squeezenet(w: Weights, x: Any) -> list[Any]:
    """Seven taps of torchvision's SqueezeNet 1.1: the first ReLU and fires 4, 7, 9, 10, 11, 12 of its `features`."""
    taps = [_conv(w, "features.0", x, stride=2, padding="valid")]
    for group, tapped in (((3, 4), (4,)), ((6, 7), (7,)), ((9, 10, 11, 12), (9, 10, 11, 12))):
        x = _pool_rounded_up(taps[-1])
        for number in group:
            x = _fire(w, number, x)
            if number in tapped:
                taps.append(x)
    return taps


def vgg16(
    w: Weights, x: Any, layers: Collection[str] = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
) -> list:
    """ReLU outputs named in `layers` (e.g. `relu1_2`), in the network's order. Computes no further than it must."""
    taps: list[Any] = []
    for name, number in VGG16.items():
        if len(taps) == len(set(layers)):
            break
        if name.endswith("_1") and name != "relu1_1":
            x = _pool(x, 2)
        x = _conv(w, f"features.{number}", x)
        if name in layers:
            taps.append(x)
    return taps


TAPS: dict[str, Callable[[Weights, Any], list[Any]]] = {"alex": alexnet, "squeeze": squeezenet, "vgg": vgg16}
