"""Fading of other packages, found through the entry-point group `linksim.channels`.

An entry point gives an object (a module will do) with three members: `config`, a model derived from `FadingConfig`, and the functions
`fades(config, rng, count)` and `power_quantile(config, probability)`. This module imports nothing else of the link, so that a
plugin may import it.
"""

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from pydantic import Field

from linksim.common.model import StrictModel
from linksim.common.plugins import Plugin, find_plugins

if TYPE_CHECKING:
    import numpy as np

GROUP = "linksim.channels"
OWN_KINDS = ("awgn", "rayleigh", "rician")
_NEEDS = (
    '`config`, a model derived from linksim.link.air.fading.FadingConfig with kind: Literal["..."], and the functions '
    "`fades(config, rng, count)` and `power_quantile(config, probability)`"
)


class FadingConfig(StrictModel):
    """What the `channel:` of every link says. A plugin's model adds its `kind: Literal["..."]` and keys of its own.

    Unknown keys are refused. Values must be hashable (a tuple, not a list), since links are told apart by them.
    """

    kind: str
    coherence: Literal["symbol", "block"] | Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        "symbol", description="how many symbols a fade lasts; `block`: one code block. Not for `awgn`"
    )


class FadingPlugin(Protocol):
    """What an entry point of the group gives."""

    config: type[FadingConfig]

    def fades(self, config: Any, rng: "np.random.Generator", count: int) -> "np.ndarray":
        """Independent `h` of unit mean power `E|h|^2 = 1`, complex `[count]`, drawn from `rng` alone."""

    def power_quantile(self, config: Any, probability: "np.ndarray") -> "np.ndarray":
        """The `|h|^2` that the fading stays below with `probability` in (0, 1), in the shape of `probability`."""


@cache
def plugins() -> dict[str, Plugin]:
    """Installed plugins by the kind they add; `module` is a `FadingPlugin`. Raises `InputError` as `find_plugins` does."""
    return find_plugins(GROUP, OWN_KINDS, _NEEDS, _fits)


def _fits(module: Any) -> bool:
    functions = (getattr(module, name, None) for name in ("fades", "power_quantile"))
    return issubclass(module.config, FadingConfig) and all(map(callable, functions))
