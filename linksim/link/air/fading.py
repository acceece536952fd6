"""Fading of other packages, found through the entry-point group `linksim.channels`.

An entry point gives an object (a module will do) with three members: `config`, a model derived from `FadingConfig`,
and the functions `fades(config, rng, count)` and `power_quantile(config, probability)`. This module imports nothing
else of the link, so that a plugin may import it.
"""

import math
from functools import cache
from typing import Annotated, Any, Literal, Protocol

import numpy as np
from pydantic import Field

from linksim.common.model import StrictModel
from linksim.common.plugins import Plugin, find_plugins, plugin_call, plugin_error

GROUP = "linksim.channels"
FLAT_KINDS = ("awgn", "rayleigh", "rician")
OWN_KINDS = (*FLAT_KINDS, "tdl", "cdl")
_NEEDS = (
    '`config`, a model derived from linksim.link.air.fading.FadingConfig with kind: Literal["..."], and the functions '
    "`fades(config, rng, count)` and `power_quantile(config, probability)`"
)


class FadingConfig(StrictModel):
    """The keys that every `channel:` has. A plugin's model adds its `kind: Literal["..."]` and keys of its own.

    Unknown keys are refused. Values must be hashable (a tuple, not a list), since links are told apart by them.
    """

    kind: str
    coherence: Literal["symbol", "block"] | Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        "symbol",
        description="how many symbols a fade lasts; `block`: one code block. Over `ofdm`: `symbol` is a resource "
        "element, `block` a slot, and a number counts OFDM symbols. Not for `awgn`",
    )


class FadingPlugin(Protocol):
    """The object that an entry point of the group names."""

    config: type[FadingConfig]

    def fades(self, config: Any, rng: np.random.Generator, count: int) -> np.ndarray:
        """Independent `h` of unit mean power `E|h|^2 = 1`, complex `[count]`, drawn from `rng` alone."""

    def power_quantile(self, config: Any, probability: np.ndarray) -> np.ndarray:
        """The `|h|^2` that the fading stays below with `probability` in (0, 1), in the shape of `probability`."""


@cache
def plugins() -> dict[str, Plugin]:
    """Installed plugins by the kind they add; `module` is a `FadingPlugin`.

    Raises `InputError` as `find_plugins` does.
    """
    return find_plugins(GROUP, OWN_KINDS, _NEEDS, _fits)


def _fits(module: Any) -> bool:
    functions = (getattr(module, name, None) for name in ("fades", "power_quantile"))
    return issubclass(module.config, FadingConfig) and all(map(callable, functions))


def plugin_fades(config: FadingConfig, rng: np.random.Generator, count: int) -> np.ndarray:
    """Fades of another package's channel, complex64 `[count]`.

    Raises `PluginError` where they are not what they should be.
    """
    return _called(config, "fades", (rng, count), (count,), np.complex64)


def plugin_power_quantile(config: FadingConfig, probability: np.ndarray) -> np.ndarray:
    """Quantiles of `|h|^2` of another package's channel, float64 in the shape of `probability`.

    Raises `PluginError`.
    """
    power = _called(config, "power_quantile", (probability,), probability.shape, np.float64)
    if (power < 0).any():
        raise plugin_error(
            "channel",
            config.kind,
            plugins()[config.kind].package,
            f"power_quantile returned {power.min():g}; at least 0 is needed",
        )
    return power


def _called(
    config: FadingConfig, function: str, arguments: tuple[Any, ...], shape: tuple[int, ...], dtype: Any
) -> np.ndarray:
    """What a plugin's function returns, as an array of `shape` and `dtype` that is finite."""
    plugin = plugins()[config.kind]
    with plugin_call("channel", config.kind, plugin.package, function):
        returned = np.asarray(getattr(plugin.module, function)(config, *arguments))
    kinds = "buifc" if dtype is np.complex64 else "buif"
    if returned.dtype.kind in kinds and returned.shape == shape:
        with np.errstate(over="ignore"):
            values = returned.astype(dtype)
        if np.isfinite(values).all():
            return values
    number = "complex" if dtype is np.complex64 else "real"
    said = f"{function} returned {returned.dtype} {list(returned.shape)}{_not_finite(returned)}"
    needed = f"{math.prod(shape)} finite {number} numbers are needed, shape {list(shape)}"
    raise plugin_error("channel", config.kind, plugin.package, f"{said}; {needed}")


def _not_finite(values: np.ndarray) -> str:
    if values.dtype.kind not in "fc":
        return ""
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        return f" with {bad} values that are not finite"
    largest = float(np.abs(values).max()) if values.size else 0.0
    return f" with a value of {largest:.3g}, too large for complex64" if largest > np.finfo(np.float32).max else ""
