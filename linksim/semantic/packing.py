"""Weights of networks as a checkpoint keeps them: in float16, or kernels as int8 with a step for each output channel.

A kernel in int8 is `step * q` with `q` from -127 to 127, and `step` a 127th of the channel's largest weight: half the
size, and no weight is off by more than half a step.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import numpy as np

from linksim.semantic.archive import check_finite
from linksim.semantic.layout import Shape

WeightType = Literal["float16", "int8"]

_KERNEL = "/kernel"
_LARGEST = np.float32(127)
_FLOATS = (np.float16, np.float32)


def pack(part: str, weights: Mapping[str, np.ndarray], kind: WeightType = "float16") -> dict[str, np.ndarray]:
    """Arrays of a file by name for the weights of a network; `PART/LAYER/kernel`, `PART/LAYER/bias` and, with int8,
    `PART/LAYER/step` float32 `[out]`. What is not finite shows as such in one of them.
    """
    arrays: dict[str, np.ndarray] = {}
    for name, weight in weights.items():
        if kind == "int8" and name.endswith(_KERNEL):
            step = np.abs(weight).reshape(-1, weight.shape[-1]).max(0).astype(np.float32) / _LARGEST
            with np.errstate(invalid="ignore"):
                arrays[f"{part}/{name}"] = np.rint(weight / np.where(step > 0, step, 1)).astype(np.int8)
            arrays[_step_of(f"{part}/{name}")] = step
        else:
            with np.errstate(over="ignore"):  # what is too large is found not to be finite
                arrays[f"{part}/{name}"] = weight.astype(np.float16)
    return arrays


def members(shapes: Mapping[str, Shape], kind: WeightType) -> tuple[dict[str, Shape], dict[str, tuple[type, ...]]]:
    """Shapes and dtypes of a file's arrays for weights of `shapes`, by their names in the file."""
    kernels = [name for name in shapes if kind == "int8" and name.endswith(_KERNEL)]
    steps = {_step_of(name): shapes[name][-1:] for name in kernels}
    dtypes: dict[str, tuple[type, ...]] = dict.fromkeys(shapes, _FLOATS)
    dtypes |= dict.fromkeys(kernels, (np.int8,)) | dict.fromkeys(steps, (np.float32,))
    return {**shapes, **steps}, dtypes


def unpack(arrays: Mapping[str, np.ndarray], names: Iterable[str], kind: WeightType) -> list[np.ndarray]:
    """Weights in float32, in the order of their `names` in the file. Raises `ValueError` where one is too large."""
    return [
        _stepped(name, arrays) if kind == "int8" and name.endswith(_KERNEL) else arrays[name].astype(np.float32)
        for name in names
    ]


def _stepped(name: str, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    with np.errstate(over="ignore"):
        kernel = arrays[name] * arrays[_step_of(name)]
    check_finite(name, kernel)
    return kernel


def weight_type(meta: Mapping[str, Any]) -> WeightType:
    """What a file's `meta` says its kernels are; float16 where it says nothing. Raises `ValueError`."""
    kind = meta.get("weights", "float16")
    if kind not in get_args(WeightType):
        raise ValueError(f"its weights are {kind!r}; this version reads {' and '.join(get_args(WeightType))}")
    return kind  # type: ignore[no-any-return]


def _step_of(name: str) -> str:
    return name.removesuffix(_KERNEL) + "/step"
