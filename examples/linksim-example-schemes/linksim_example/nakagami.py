"""Nakagami-m fading: between one-sided Gaussian (m = 1/2), Rayleigh (m = 1) and no fading (m without bound).

The power `|h|^2` has the gamma distribution of shape m and mean 1 (Nakagami 1960); the phase is uniform.
"""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from linksim.link.air.fading import FadingConfig


class NakagamiConfig(FadingConfig):
    """The channel's keys in a scenario. `kind` and `coherence` are every channel's; `m` is ours."""

    kind: Literal["nakagami"] = "nakagami"
    m: Annotated[float, Field(ge=0.5)] = Field(description="shape; 1 is Rayleigh fading, more is milder")


def fades(config: NakagamiConfig, rng: np.random.Generator, count: int) -> np.ndarray:
    """Independent `h` with `E|h|^2 = 1`, complex `[count]`. All randomness comes from `rng`, which is the block's own."""
    power = rng.gamma(config.m, 1 / config.m, count)
    return np.sqrt(power) * np.exp(2j * np.pi * rng.random(count))


def power_quantile(config: NakagamiConfig, probability: np.ndarray) -> np.ndarray:
    """The `|h|^2` that the fading stays below with `probability`, for `mcs: {kind: capacity}`."""
    from scipy.special import gammaincinv  # here, because linksim loads the module whenever it reads a scenario

    return gammaincinv(config.m, probability) / config.m


config = NakagamiConfig
