"""Constellation, channel and channel knowledge, as a scenario's `link.modulation`, `link.channel` and `link.csi` say
it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import Discriminator, Field, Tag, model_validator

from linksim.common.model import StrictModel
from linksim.common.plugins import checked_config
from linksim.link.air.delays import CdlConfig, DelayChannelConfig, TdlConfig
from linksim.link.air.fading import FLAT_KINDS, FadingConfig, plugins


class ModulationConfig(StrictModel):
    """Gray-labelled QAM of unit energy; 1 bit a symbol is BPSK."""

    kind: Literal["qam"] = "qam"
    bits_per_symbol: Literal[1, 2, 4, 6, 8] = 6


class ChannelConfig(FadingConfig):
    """Flat fading of unit mean power, constant over `coherence` symbols (`block`: over one code block)."""

    kind: Literal["awgn", "rayleigh", "rician"] = "rayleigh"
    k_factor_db: Annotated[float, Field(ge=-60, le=60)] | None = Field(
        None, description="Rician K-factor in dB, -60 to 60; for kind: rician only"
    )

    @model_validator(mode="after")
    def _rician_has_k_factor(self) -> "ChannelConfig":
        if (self.kind == "rician") != (self.k_factor_db is not None):
            raise ValueError("k_factor_db goes with kind: rician, and only with it")
        return self


def kind(channel: Any) -> str:
    """The kind of a channel, which tells its model in the union.

    Without a kind it is one of our own, whose model has a default for it.
    """
    value = channel.get("kind") if isinstance(channel, Mapping) else getattr(channel, "kind", None)
    return value if isinstance(value, str) else "rayleigh"


if TYPE_CHECKING:
    AnyChannel = ChannelConfig | FadingConfig | DelayChannelConfig
else:
    # Channels of other packages are checked as strictly as our own: their models join the union.
    AnyChannel = Annotated[
        Union[
            (
                *(Annotated[ChannelConfig, Tag(own)] for own in FLAT_KINDS),
                Annotated[TdlConfig, Tag("tdl")],
                Annotated[CdlConfig, Tag("cdl")],
                *(Annotated[checked_config("channel", name, plugin), Tag(name)] for name, plugin in plugins().items()),
            )
        ],
        Discriminator(kind),
    ]


class CsiConfig(StrictModel):
    """Channel knowledge of the receiver: `h` itself, its MMSE estimate from a raw one, or an estimate from pilots.

    The raw estimate is `h + w`, `w ~ CN(0, error_variance)`, as pilots would give it. The receiver knows the fading's
    mean and power, so that it takes `E[h | h + w]` for `h` and counts the error that is left as noise.

    `ls` divides what arrives at the pilots by them and interpolates over the slot's OFDM symbols. `lmmse` weighs these
    estimates with the channel's covariance over frequency, then over time. Both need `link.waveform: {kind: ofdm}`.
    """

    kind: Literal["perfect", "ls", "lmmse"] = "perfect"
    interpolation: Literal["linear", "nearest"] = Field(
        "linear", description="of `ls` between pilots, and beyond the outer ones"
    )
    error_variance: Annotated[float, Field(ge=0, le=1000)] = Field(
        0.0, description="of the raw estimate, per fade of unit mean power; 0: the receiver knows the fading exactly"
    )

    @model_validator(mode="after")
    def _one_source(self) -> "CsiConfig":
        if self.kind != "perfect" and self.error_variance > 0:
            raise ValueError(
                f"error_variance is that of an estimate that comes from nowhere; csi.kind {self.kind} has the error "
                "that its pilots give, so leave error_variance out"
            )
        if self.kind != "ls" and self.interpolation != "linear":
            raise ValueError(f"interpolation goes with kind: ls; leave it out with kind: {self.kind}")
        return self
