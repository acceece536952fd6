"""Perceptual training losses: Gram matrices of VGG16 (eqs. 24-25) and LPIPS. Keras 3, any backend."""

from typing import Any, Literal

import numpy as np
from keras import ops

from linksim.common.errors import InputError
from linksim.data.weights import load_weights
from linksim.metrics import networks
from linksim.metrics.lpips_model import LpipsModel, Net

_TORCH_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_TORCH_STD = np.array([0.229, 0.224, 0.225], np.float32)
_KERAS_MEAN_BGR = np.array([103.939, 116.779, 123.68], np.float32)


class GramLoss:
    """Eq. 25: `L_gram = sum_l ||G_l(x) - G_l(x_hat)||_F^2`, `G_l = F_l^T F_l / (h_l w_l c_l)`, mean over the batch.

    Args:
        layers: ReLU outputs of VGG16, `relu1_1` to `relu5_3`. The data bundle has the weights up to `relu2_2`; deeper
            layers need the whole network (`linksim data fetch vgg16`).
        weights: `torchvision` or `keras`. The two were trained separately and take images of different scale (standard
            deviation 1 and 255 grey levels), so the loss's size, and with it its weight in eq. 24, differs.
        dtype: what the network computes in, e.g. `bfloat16`; Gram matrices are float32.

    Raises:
        InputError: a layer is unknown or named twice.
        DataUnavailableError: the weights are not here and could not be fetched.
    """

    def __init__(
        self,
        layers: tuple[str, ...] = ("relu1_2", "relu2_2"),
        weights: Literal["torchvision", "keras"] = "torchvision",
        dtype: str = "float32",
    ) -> None:
        unknown = [layer for layer in layers if layer not in networks.VGG16]
        if unknown or not layers or len(set(layers)) < len(layers):
            raise InputError(f"gram: layers {list(layers)}; give one or more of {', '.join(networks.VGG16)}, each once")
        self.layers = layers
        self.weights = weights
        self.dtype = dtype
        self._arrays = {k: ops.convert_to_tensor(v) for k, v in _vgg16_weights(layers, weights).items()}

    def __call__(self, x: Any, x_hat: Any) -> Any:
        """Scalar loss of images `[batch, H, W, 3]` in [0, 1]; `x_hat` may leave that range."""
        loss: Any = 0.0
        for target, given in zip(self.gram_matrices(x), self.gram_matrices(x_hat), strict=True):
            loss = loss + ops.mean(ops.sum(ops.square(ops.stop_gradient(target) - given), axis=(1, 2)))
        return loss

    def gram_matrices(self, images: Any) -> list[Any]:
        """`G_l` per layer, float32 `[batch, c_l, c_l]`."""
        taps = networks.vgg16(self._arrays, ops.cast(self._scaled(images), self.dtype), self.layers)
        return [gram_matrix(tap) for tap in taps]

    def _scaled(self, images: Any) -> Any:
        images = ops.cast(images, "float32")
        if self.weights == "keras":
            return 255.0 * ops.flip(images, axis=-1) - _KERAS_MEAN_BGR
        return (images - _TORCH_MEAN) / _TORCH_STD


class LpipsLoss:
    """LPIPS v0.1 as a loss, mean over the batch.

    Args:
        net: `squeeze` by default, so that results, reported with `alex`, are not what was trained for.
        dtype: what the network computes in, e.g. `bfloat16`.
    """

    def __init__(self, net: Net = "squeeze", dtype: str = "float32") -> None:
        self.model = LpipsModel(net, dtype)

    def __call__(self, x: Any, x_hat: Any) -> Any:
        """Scalar loss of images `[batch, H, W, 3]` in [0, 1]; the gradient flows into `x_hat` alone."""
        self.model.check_size(tuple(x.shape))
        target = [ops.stop_gradient(feature) for feature in self.model.features(x)]
        return ops.mean(self.model.distance(target, self.model.features(x_hat)))


def gram_matrix(features: Any) -> Any:
    """Eq. 25: `F^T F / (h w c)`, float32 `[batch, c, c]`, of features `[batch, h, w, c]`, `F` being `[h w, c]`."""
    height, width, channels = ops.shape(features)[1], ops.shape(features)[2], features.shape[-1]
    flat = ops.reshape(ops.cast(features, "float32"), (-1, height * width, channels))  # [batch, h w, c]
    return ops.matmul(ops.transpose(flat, (0, 2, 1)), flat) / ops.cast(height * width * channels, "float32")


def _vgg16_weights(layers: tuple[str, ...], origin: str) -> dict[str, np.ndarray]:
    """The convolutions up to the last of `layers`, under torchvision's names, kernels (height, width, in, out)."""
    names = list(networks.VGG16)
    names = names[: 1 + max(names.index(layer) for layer in layers)]
    torch_names = {name: f"features.{networks.VGG16[name]}" for name in names}
    if origin == "torchvision":
        need = [f"{name}.{part}" for name in torch_names.values() for part in ("weight", "bias")]
        loaded = load_weights("vgg16", need)
        return networks.hwio({name: loaded[name] for name in need})
    if origin != "keras":
        raise InputError(f"gram: weights {origin!r} are unknown; allowed: torchvision, keras")
    keras_names = {name: f"block{name[4]}_conv{name[6]}" for name in names}
    loaded = load_weights(
        "vgg16-keras", [f"{name}.{part}" for name in keras_names.values() for part in ("kernel", "bias")]
    )
    arrays = {}
    for name in names:
        arrays[f"{torch_names[name]}.weight"] = loaded[f"{keras_names[name]}.kernel"]
        arrays[f"{torch_names[name]}.bias"] = loaded[f"{keras_names[name]}.bias"]
    return arrays
