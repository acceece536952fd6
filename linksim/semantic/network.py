"""The networks of checkpoints: built when first asked, shared by all that have equal weights, with what they were asked
last.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from linksim.semantic.model import ModelConfig

MEMORY_BYTES = 32 * 2**20
"""Most memory for the results of a network."""


class Network:
    """A network, and its last results by what they were made of. A result is computed once, whichever scheme asks.

    Args:
        build: makes the Keras model.
        limit: bytes of results that are kept; the least recently used go.
    """

    def __init__(self, build: Callable[[], Any], limit: int = MEMORY_BYTES) -> None:
        self._build, self._limit = build, limit
        self._results: OrderedDict[bytes, np.ndarray] = OrderedDict()
        self._used = 0

    @cached_property
    def model(self) -> Any:
        """The Keras model."""
        return self._build()

    def remembered(self, inputs: tuple[np.ndarray, ...], compute: Callable[[], np.ndarray]) -> np.ndarray:
        """What `compute` makes of `inputs`, which determine it together with the network; not to be written to."""
        hasher = hashlib.blake2b(digest_size=16)
        for array in inputs:
            hasher.update(f"{array.dtype}{array.shape}".encode())
            hasher.update(np.ascontiguousarray(array).data)
        key = hasher.digest()
        if key in self._results:
            self._results.move_to_end(key)
            return self._results[key]
        result = compute()
        result.setflags(write=False)
        self._results[key] = result
        self._used += result.nbytes
        while self._used > self._limit:
            self._used -= self._results.popitem(last=False)[1].nbytes
        return result


_networks: WeakValueDictionary[str, Network] = WeakValueDictionary()


def shared_network(
    part: str, model: ModelConfig, weights: Mapping[str, np.ndarray], dtype: str, **options: Any
) -> Network:
    """The network of these weights; checkpoints that differ elsewhere, such as in their labels, share it.

    Args:
        part: `encoder`, `decoder` or `repair`.
        model: its size.
        weights: under their names, as a checkpoint has them.
        dtype: what Keras computes in, `float32` or `mixed_bfloat16`.
        options: of `build_encoder`, `build_decoder` or `build_repair`.
    """
    hasher = hashlib.sha256(repr((part, model.model_dump_json(), dtype, sorted(options.items()))).encode())
    for name in sorted(weights):
        hasher.update(f"{name}{weights[name].dtype}{weights[name].shape}".encode())
        hasher.update(np.ascontiguousarray(weights[name]).data)

    def build() -> Any:
        from linksim.semantic import autoencoder, repair

        builders: dict[str, Callable[..., Any]] = {
            "encoder": autoencoder.build_encoder,
            "decoder": autoencoder.build_decoder,
            "repair": repair.build_repair,
        }
        network = builders[part](model, dtype=dtype, **options)
        autoencoder.set_weights(network, dict(weights))
        return network

    key = hasher.hexdigest()
    network = _networks.get(key)
    if network is None:
        network = _networks[key] = Network(build)
    return network
