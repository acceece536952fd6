"""The `link:` part of a scenario as frozen, strict models. Light to import: neither Sionna nor TensorFlow here."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from linksim.link.fading import OWN_KINDS, FadingConfig, plugins

CRC_BITS = 24
HIGHEST_CODE_RATE = 948 / 1024
"""Of the 5G shared channels (3GPP TS 38.214, 5.1.3.1)."""
MAX_BASE_GRAPH_2_BITS = 3824
"""Longer blocks use base graph 1, whose lowest rate is 1/3 (3GPP TS 38.212, 6.2.2 and 7.2.2)."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Ldpc5gConfig(_Model):
    """5G LDPC code (3GPP TS 38.212, 5.3.2) with a CRC24A in every block of `block_bits` information bits."""

    kind: Literal["ldpc5g"] = "ldpc5g"
    rate: Annotated[float, Field(ge=0.2, le=HIGHEST_CODE_RATE)] = Field(
        0.5, description="information bits over coded bits"
    )
    block_bits: Annotated[int, Field(ge=64, le=8448)] = Field(
        1536, description="information bits of a block, its 24 CRC bits among them"
    )
    iterations: Annotated[int, Field(ge=1, le=200)] = 20
    decoder: Literal["sionna", "layered"] = Field(
        "sionna", description="sionna: sum-product of Sionna; layered: our own layered offset min-sum, faster"
    )
    early_termination: bool = Field(
        True, description="stop once all parity checks and the CRC hold; false: slower, with the same results"
    )


class UncodedConfig(_Model):
    """No channel code: blocks of `block_bits` bits with a CRC24A each, sent as they are."""

    kind: Literal["none"] = "none"
    block_bits: Annotated[int, Field(ge=64, le=1_000_000)] = 1536


class ModulationConfig(_Model):
    """Gray-labelled QAM of unit energy; 1 bit a symbol is BPSK."""

    kind: Literal["qam"] = "qam"
    bits_per_symbol: Literal[1, 2, 4, 6, 8] = 6


class ChannelConfig(FadingConfig):
    """Flat fading of unit mean power, constant over `coherence` symbols (`block`: over one code block)."""

    kind: Literal["awgn", "rayleigh", "rician"] = "rayleigh"
    k_factor_db: float | None = Field(None, description="Rician K-factor in dB; for kind: rician only")

    @model_validator(mode="after")
    def _rician_has_k_factor(self) -> "ChannelConfig":
        if (self.kind == "rician") != (self.k_factor_db is not None):
            raise ValueError("k_factor_db goes with kind: rician, and only with it")
        return self


def kind(channel: Any) -> str:
    """Which model of the union a channel is of. Without a kind it is one of our own, whose model has a default for it."""
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
                *(Annotated[plugin.module.config, Tag(name)] for name, plugin in plugins().items()),
            )
        ],
        Discriminator(kind),
    ]


class CsiConfig(_Model):
    """What the receiver knows of the fading: `h` itself, or `h` plus complex Gaussian error of `error_variance`."""

    error_variance: Annotated[float, Field(ge=0)] = 0.0


class LinkConfig(_Model):
    """The whole chain between payload bits and received soft bits."""

    code: Annotated[Ldpc5gConfig | UncodedConfig, Field(discriminator="kind")] = Ldpc5gConfig()
    modulation: ModulationConfig = ModulationConfig()
    channel: AnyChannel = ChannelConfig()
    csi: CsiConfig = CsiConfig()
    demapping: Literal["app", "maxlog"] = "app"
    share_blocks: bool = Field(
        True, description="simulate each block once and apply its errors to every scheme with the same code and channel"
    )

    @model_validator(mode="after")
    def _code_fits(self) -> "LinkConfig":
        if isinstance(self.code, Ldpc5gConfig):
            low = self.block_bits > MAX_BASE_GRAPH_2_BITS and self.code.rate < 1 / 3
            if low:
                raise ValueError(
                    f"code.rate {self.code.rate} with code.block_bits {self.block_bits}: rates below 1/3 need blocks of "
                    f"at most {MAX_BASE_GRAPH_2_BITS} bits (base graph 2)"
                )
        if self.channel.kind == "awgn" and self.channel.coherence != "symbol":
            raise ValueError(
                "channel.coherence says how long a fade lasts; channel.kind awgn has none, so leave it out"
            )
        return self

    @property
    def block_bits(self) -> int:
        """Information bits of a block, CRC included (k)."""
        return self.code.block_bits

    @property
    def payload_bits_per_block(self) -> int:
        """Bits of a block that carry payload or filler."""
        return self.block_bits - CRC_BITS

    @property
    def coded_bits_per_block(self) -> int:
        """Coded bits of a block (n): `block_bits / rate` rounded up to whole symbols.

        Where that would fall below the lowest rate of the code's base graph, it is rounded down.
        """
        m = self.modulation.bits_per_symbol
        if isinstance(self.code, UncodedConfig):
            return math.ceil(self.block_bits / m) * m
        most = self.block_bits * (3 if self.block_bits > MAX_BASE_GRAPH_2_BITS else 5)
        # 1e-9: a rate such as 0.3 is not exact in binary and must not cost a symbol for that.
        return min(math.ceil(self.block_bits / self.code.rate / m - 1e-9), most // m) * m

    @property
    def symbols_per_block(self) -> int:
        """Complex channel uses of a block."""
        return self.coded_bits_per_block // self.modulation.bits_per_symbol

    @property
    def effective_rate(self) -> float:
        """Information bits (CRC and filler included) over coded bits."""
        return self.block_bits / self.coded_bits_per_block

    def eb_no_db(self, es_no_db: float) -> float:
        """Eb/N0 in dB of an Es/N0 in dB: `Es/N0 / (bits per symbol x code rate)`."""
        return es_no_db - 10 * math.log10(self.modulation.bits_per_symbol * self.effective_rate)

    def with_code_rate(self, rate: float) -> "LinkConfig":
        """The same link with another rate of its LDPC code.

        Raises:
            ValueError: the link is uncoded, or 5G LDPC has no such rate for these blocks.
        """
        if not isinstance(self.code, Ldpc5gConfig):
            raise ValueError(f"code rate {rate:g} for an uncoded link; it needs code: {{kind: ldpc5g}}")
        return LinkConfig.model_validate({**self.model_dump(), "code": {**self.code.model_dump(), "rate": rate}})
