"""Constellation, channel and channel knowledge, as a scenario's `link.modulation`, `link.channel` and `link.csi` say
it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import Discriminator, Field, Tag, model_validator

from linksim.common.model import StrictModel
from linksim.common.plugins import checked_config
from linksim.link.air.fading import OWN_KINDS, FadingConfig, plugins


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
    AnyChannel = ChannelConfig | FadingConfig
else:
    # Channels of other packages are checked as strictly as our own: their models join the union.
    AnyChannel = Annotated[
        Union[
            (
                *(Annotated[ChannelConfig, Tag(own)] for own in OWN_KINDS),
                *(Annotated[checked_config("channel", name, plugin), Tag(name)] for name, plugin in plugins().items()),
            )
        ],
        Discriminator(kind),
    ]


class CsiConfig(StrictModel):
    """Channel knowledge of the receiver: `h` itself, or its MMSE estimate from a raw one, `h` plus Gaussian error
    of `error_variance`.

    The raw estimate `h + w`, `w ~ CN(0, error_variance)`, is what pilots give (least squares). The receiver knows the
    fading's mean and power, so that it takes `E[h | h + w]` for `h` and counts the error that is left as noise.
    """

    error_variance: Annotated[float, Field(ge=0, le=1000)] = Field(
        0.0, description="of the raw estimate, per fade of unit mean power; 0: the receiver knows the fading exactly"
    )
