"""The `link:` part of a scenario as frozen, strict models. Light to import: neither Sionna nor TensorFlow here."""

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

CRC_BITS = 24


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ldpc5gConfig(_Model):
    """5G LDPC code (3GPP TS 38.212, 5.3.2) with a CRC24A in every block of `block_bits` information bits."""

    kind: Literal["ldpc5g"] = "ldpc5g"
    rate: Annotated[float, Field(ge=0.2, le=0.93)] = Field(0.5, description="information bits over coded bits")
    block_bits: Annotated[int, Field(ge=64, le=8448)] = Field(
        1536, description="information bits of a block, its 24 CRC bits among them"
    )
    iterations: Annotated[int, Field(ge=1, le=200)] = 20
    decoder: Literal["sionna", "layered"] = Field(
        "sionna", description="sionna: sum-product of Sionna; layered: our own layered offset min-sum, faster"
    )


class UncodedConfig(_Model):
    """No channel code: blocks of `block_bits` bits with a CRC24A each, sent as they are."""

    kind: Literal["none"] = "none"
    block_bits: Annotated[int, Field(ge=64)] = 1536


class ModulationConfig(_Model):
    """Gray-labelled QAM of unit energy; 1 bit a symbol is BPSK."""

    kind: Literal["qam"] = "qam"
    bits_per_symbol: Literal[1, 2, 4, 6, 8] = 6


class ChannelConfig(_Model):
    """Flat fading of unit mean power, constant over `coherence` symbols (`block`: over one code block)."""

    kind: Literal["awgn", "rayleigh", "rician"] = "rayleigh"
    coherence: Literal["symbol", "block"] | Annotated[int, Field(ge=1)] = "symbol"
    k_factor_db: float | None = Field(None, description="Rician K-factor in dB; for kind: rician only")

    @model_validator(mode="after")
    def _rician_has_k_factor(self) -> "ChannelConfig":
        if (self.kind == "rician") != (self.k_factor_db is not None):
            raise ValueError("k_factor_db goes with kind: rician, and only with it")
        return self


class CsiConfig(_Model):
    """What the receiver knows of the fading: `h` itself, or `h` plus complex Gaussian error of `error_variance`."""

    error_variance: Annotated[float, Field(ge=0)] = 0.0


class LinkConfig(_Model):
    """The whole chain between payload bits and received soft bits."""

    code: Annotated[Ldpc5gConfig | UncodedConfig, Field(discriminator="kind")] = Ldpc5gConfig()
    modulation: ModulationConfig = ModulationConfig()
    channel: ChannelConfig = ChannelConfig()
    csi: CsiConfig = CsiConfig()
    demapping: Literal["app", "maxlog"] = "app"
    share_blocks: bool = Field(
        True, description="simulate each block once and apply its errors to every scheme with the same code and channel"
    )

    @model_validator(mode="after")
    def _code_fits(self) -> "LinkConfig":
        if isinstance(self.code, Ldpc5gConfig) and self.code.block_bits > 3840 and self.code.rate < 1 / 3 - 1e-9:
            raise ValueError(
                f"code.rate {self.code.rate} with code.block_bits {self.code.block_bits}: rates below 1/3 need blocks of "
                "at most 3840 bits (base graph 2)"
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
        """Coded bits of a block (n), a whole number of symbols."""
        m = self.modulation.bits_per_symbol
        n = self.block_bits if isinstance(self.code, UncodedConfig) else self.block_bits / self.code.rate
        return math.ceil(n / m - 1e-9) * m

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
