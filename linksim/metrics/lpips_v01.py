"""LPIPS of arrays of images, with the originals' features kept for a sweep."""

import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import Any

import keras
import numpy as np
from keras import ops

from linksim.common.errors import InputError
from linksim.metrics.lpips_model import LpipsModel, Net


class Lpips:
    """LPIPS v0.1 that remembers the features of originals, which a sweep compares with at every SNR.

    Args:
        net: see `LpipsModel`.
        cache_bytes: most memory for remembered features (about 2.5 MB per 256 x 256 image with `alex`).

    Raises:
        DataUnavailableError: the weights are not here and could not be fetched; the message says what to do.
    """

    def __init__(self, net: Net = "alex", cache_bytes: int = 3 << 27) -> None:
        self.model = LpipsModel(net, fewer_multiplications=_on_cpu())
        self._features, self._distance = compiled(self.model)
        self._limit = cache_bytes
        self._used = 0
        self._cache: OrderedDict[Hashable, list[Any]] = OrderedDict()

    def __call__(self, a: np.ndarray, b: np.ndarray, keys: Sequence[Hashable] | None = None) -> np.ndarray:
        """Distance of each image of `a` to that of `b`; 0 for equal images.

        Args:
            a, b: uint8, or float in [0, 1]: `[batch, height, width, 3]`, or single images.
            keys: a name for each image of `a`, under which its features are remembered.

        Returns:
            float64 `[batch]`.
        """
        a, b = _as_float(a), _as_float(b)
        if a.shape != b.shape:
            raise InputError(f"lpips: images of shapes {a.shape} and {b.shape}; give two arrays of one shape")
        self.model.check_size(a.shape)
        # One by one, so that the images beside it cannot change an image's last bits.
        out = np.empty(len(a))
        for i in range(len(a)):
            original = self._original(a[i : i + 1], None if keys is None else keys[i])
            distance = self._distance(original, b[i : i + 1])
            out[i] = ops.convert_to_numpy(distance)[0]
        return out

    def _original(self, image: np.ndarray, key: Hashable | None) -> list[Any]:
        """Features of one original, remembered under `key`."""
        if key is not None and key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        taps = self._features(image)
        if key is not None:
            self._remember(key, taps)
        return taps

    def _remember(self, key: Hashable, taps: list[Any]) -> None:
        self._cache[key] = taps
        self._used += _bytes(taps)
        while self._used > self._limit:
            _, dropped = self._cache.popitem(last=False)
            self._used -= _bytes(dropped)


def _on_cpu() -> bool:
    """Whether TensorFlow computes here, and without a GPU (whose own library chooses how to convolve)."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return not tf.config.list_physical_devices("GPU")


def _bytes(taps: list[Any]) -> int:
    return 4 * sum(math.prod(tap.shape) for tap in taps)


def compiled(model: LpipsModel) -> tuple[Callable[[Any], list[Any]], Callable[[list[Any], Any], Any]]:
    """Features of images `[batch, H, W, 3]`, and the distance of features to images, as functions that the backend has compiled.

    TensorFlow compiles them once for images of all sizes, JAX for each size; on other backends they are as they were.
    """

    def distance(features: list[Any], images: Any) -> Any:
        return model.distance(features, model.features(images))

    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(model.features), jax.jit(distance)
    if keras.backend.backend() != "tensorflow":
        return model.features, distance
    import tensorflow as tf

    images = tf.TensorSpec([None, None, None, 3], tf.float32)
    taps = [tf.TensorSpec([None, None, None, channels], tf.float32) for channels in model.tap_channels]
    return (
        tf.function(model.features, input_signature=[images]),
        tf.function(distance, input_signature=[taps, images]),
    )


def lpips(a: np.ndarray, b: np.ndarray, net: Net = "alex") -> np.ndarray:
    """LPIPS v0.1 of each pair of images, float64 `[batch]`; see `Lpips` for arguments and errors.

    The features of uint8 images `a` are remembered, so that comparing the same originals with other pictures costs
    half.
    """
    originals = _as_batch(a)
    keys = [hashlib.sha256(image.tobytes() + repr(image.shape).encode()).digest() for image in originals]
    return _shared(net)(a, b, keys if originals.dtype == np.uint8 else None)


def lpips_provenance(net: Net = "alex") -> dict[str, str]:
    """What `lpips` computes with: `net`, `version`, `network_sha256`, `heads_sha256`."""
    return dict(_shared(net).model.provenance)


@lru_cache(maxsize=3)
def _shared(net: Net) -> Lpips:
    return Lpips(net)


def _as_batch(images: np.ndarray) -> np.ndarray:
    images = np.asarray(images)
    if images.ndim not in (3, 4) or images.shape[-1] != 3:
        raise InputError(f"lpips: images of shape {images.shape}; give [batch, height, width, 3]")
    if images.dtype != np.uint8 and not np.issubdtype(images.dtype, np.floating):
        raise InputError(f"lpips: images of type {images.dtype}; give uint8, or float in [0, 1]")
    return images[None] if images.ndim == 3 else images


def _as_float(images: np.ndarray) -> np.ndarray:
    batch = _as_batch(images)
    return batch.astype(np.float32) / 255.0 if batch.dtype == np.uint8 else batch.astype(np.float32)
