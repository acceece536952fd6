"""The arithmetic of a training run, where the recipe leaves it to the machine."""

from pathlib import Path
from typing import TypeVar

from linksim.training.recipe import Recipe

AnyRecipe = TypeVar("AnyRecipe", bound=Recipe)

_CPU_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}
"""Names of bfloat16 arithmetic among the x86 flags and Arm features of /proc/cpuinfo."""


def with_precision(config: AnyRecipe) -> AnyRecipe:
    """The same recipe with `precision: auto` replaced by what this machine computes fast: the card tells what it was."""
    if config.precision != "auto":
        return config
    fast = computes_bfloat16() or _has_gpu()
    return config.model_copy(update={"precision": "mixed_bfloat16" if fast else "float32"})


def computes_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor has bfloat16 arithmetic; without it, it is emulated, many times slower than float32."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:  # not Linux: float32 is always right
        return False
    return any(_CPU_FLAGS & set(line.split()) for line in lines if line.lower().startswith(("flags", "features")))


def _has_gpu() -> bool:
    import keras

    return bool(keras.distribution.list_devices("gpu"))
