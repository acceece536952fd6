"""LPIPS v0.1 (Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", CVPR 2018)."""

from typing import Any, Literal, get_args

import numpy as np
from keras import ops

from linksim.common.errors import InputError
from linksim.data.weights import arrays_digest, load_weights
from linksim.metrics import networks

VERSION = "0.1"
Net = Literal["alex", "squeeze", "vgg"]
_ITEMS = {"alex": "alexnet", "squeeze": "squeezenet", "vgg": "vgg16"}
_SHIFT = np.array([-0.030, -0.088, -0.188], np.float32)
_SCALE = np.array([0.458, 0.448, 0.450], np.float32)
# Smallest images of which every tap has at least one pixel.
_MIN_SIDE = {"alex": 31, "squeeze": 17, "vgg": 16}


class LpipsModel:
    """The metric's network and heads; differentiable on every Keras backend.

    Args:
        net: `alex` (what papers report), `squeeze` or `vgg`.
        dtype: what the network computes in; distances are always float32.
        fewer_multiplications: convolve by `winograd` where most multiplications are, which CPUs gain by; distances differ
            by some 1e-6.

    Attributes:
        provenance: network, version of the metric, and hashes of the weights, for the record of a run.

    Raises:
        DataUnavailableError: its weights are not here and could not be fetched.
    """

    def __init__(self, net: Net = "alex", dtype: str = "float32", fewer_multiplications: bool = False) -> None:
        if net not in get_args(Net):
            raise InputError(f"lpips: net {net!r} is unknown; allowed: {', '.join(get_args(Net))}")
        self.net = net
        self.dtype = dtype
        heads = load_weights("lpips-heads")
        loaded = load_weights(_ITEMS[net])
        self.provenance = {
            "net": net,
            "version": VERSION,
            "network_sha256": arrays_digest(loaded),
            "heads_sha256": arrays_digest(heads),
        }
        arrays = networks.hwio(loaded)
        if fewer_multiplications:
            arrays |= networks.at_points(arrays)
        self._weights = {name: ops.convert_to_tensor(value) for name, value in arrays.items()}
        count = sum(name.startswith(f"{net}.") for name in heads)
        self._heads = [ops.convert_to_tensor(heads[f"{net}.lin{i}"]) for i in range(count)]

    @property
    def tap_channels(self) -> list[int]:
        """Channels of each tap."""
        return [head.shape[0] for head in self._heads]

    def check_size(self, shape: tuple[int, ...]) -> None:
        """Raise `InputError` for images `[..., height, width, 3]` that are too small for the network."""
        if None not in shape[-3:-1] and min(shape[-3:-1]) < _MIN_SIDE[self.net]:
            raise InputError(
                f"lpips: images of {shape[-3]} x {shape[-2]} pixels are too small for {self.net}; "
                f"at least {_MIN_SIDE[self.net]} x {_MIN_SIDE[self.net]} are needed"
            )

    def features(self, images: Any) -> list[Any]:
        """Unit-length feature vectors, float32 `[batch, h, w, c]` per tap, of images `[batch, H, W, 3]` in [0, 1]."""
        x = (2.0 * ops.cast(images, "float32") - 1.0 - _SHIFT) / _SCALE
        taps = networks.TAPS[self.net](self._weights, ops.cast(x, self.dtype))
        return [_unit_length(ops.cast(tap, "float32")) for tap in taps]

    def distance(self, features_a: list[Any], features_b: list[Any]) -> Any:
        """Distance per image, float32 `[batch]`: squared differences, weighted over channels, mean over positions."""
        total: Any = 0.0
        for a, b, head in zip(features_a, features_b, self._heads, strict=True):
            total = total + ops.mean(ops.matmul(ops.square(a - b), head[:, None]), axis=(1, 2, 3))
        return total


def _unit_length(x: Any) -> Any:
    # The bound inside the root keeps its gradient finite where all features of a position are zero.
    norm = ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=-1, keepdims=True), 1e-20))
    return x / (norm + 1e-10)
