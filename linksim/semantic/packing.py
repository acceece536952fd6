"""Weights of networks as a checkpoint keeps them: in float16, or kernels as int8 with a step for each output channel.

A kernel in int8 is `step * q` with `q` from -127 to 127, and `step` a 127th of the channel's largest weight: half the
size, and no weight is off by more than half a step. Weights that were read from such a file are written as they were, so that a
network that a training leaves as it is stays equal to that of its start.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import numpy as np

from linksim.semantic.archive import check_finite
from linksim.semantic.layout import Shape

WeightType = Literal["float16", "int8", "int8-decoder"]
"""`int8-decoder`: the kernels of the decoder alone, where the other networks are to stay equal to those of a start in float16."""

_KERNEL = "/kernel"
_LARGEST = np.float32(127)
_FLOATS = (np.float16, np.float32)


def pack(part: str, weights: Mapping[str, np.ndarray], kind: WeightType = "float16") -> dict[str, np.ndarray]:
    """Arrays of a file by name for the weights of a network; `PART/LAYER/kernel`, `PART/LAYER/bias` and, with int8,
    `PART/LAYER/step` float32 `[out]`. What is not finite shows as such in one of them.
    """
    arrays: dict[str, np.ndarray] = {}
    for name, weight in weights.items():
        if _in_int8(f"{part}/{name}", kind):
            step = _steps(weight)
            with np.errstate(invalid="ignore"):
                arrays[f"{part}/{name}"] = np.rint(weight / np.where(step > 0, step, 1)).astype(np.int8)
            arrays[_step_of(f"{part}/{name}")] = step
        else:
            with np.errstate(over="ignore"):  # what is too large is found not to be finite
                arrays[f"{part}/{name}"] = weight.astype(np.float16)
    return arrays


def members(shapes: Mapping[str, Shape], kind: WeightType) -> tuple[dict[str, Shape], dict[str, tuple[type, ...]]]:
    """Shapes and dtypes of a file's arrays for weights of `shapes`, by their names in the file."""
    kernels = [name for name in shapes if _in_int8(name, kind)]
    steps = {_step_of(name): shapes[name][-1:] for name in kernels}
    dtypes: dict[str, tuple[type, ...]] = dict.fromkeys(shapes, _FLOATS)
    dtypes |= dict.fromkeys(kernels, (np.int8,)) | dict.fromkeys(steps, (np.float32,))
    return {**shapes, **steps}, dtypes


def unpack(arrays: Mapping[str, np.ndarray], names: Iterable[str], kind: WeightType) -> list[np.ndarray]:
    """Weights in float32, in the order of their `names` in the file. Raises `ValueError` where one is too large."""
    return [_stepped(name, arrays) if _in_int8(name, kind) else arrays[name].astype(np.float32) for name in names]


def _in_int8(name: str, kind: WeightType) -> bool:
    """Whether the array `PART/LAYER/...` is kept in int8."""
    return name.endswith(_KERNEL) and (kind == "int8" or (kind == "int8-decoder" and name.startswith("decoder/")))


def _steps(weight: np.ndarray) -> np.ndarray:
    """Steps float32 `[out]` of a kernel: a 127th of the largest weight, or its neighbour in float32 if that gives all
    weights as they are, which then come from a file in int8.
    """
    flat = weight.reshape(-1, weight.shape[-1]).astype(np.float32)
    step = np.abs(flat).max(0) / _LARGEST
    chosen = step
    for near in (np.nextafter(step, np.float32(np.inf)), np.nextafter(step, np.float32(0)), step):
        with np.errstate(invalid="ignore", over="ignore"):
            whole = (np.rint(flat / np.where(near > 0, near, 1)) * near == flat).all(0)
        chosen = np.where(whole & np.isfinite(step), near, chosen)
    return chosen


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
