"""The `link:` part of a scenario as a frozen, strict model. Light to import: neither Sionna nor TensorFlow here."""

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from linksim.common.model import StrictModel
from linksim.link.air.config import AnyChannel, ChannelConfig, CsiConfig, ModulationConfig
from linksim.link.air.fitting import check_air
from linksim.link.air.waveform import AntennasConfig, OfdmConfig, SingleCarrierConfig
from linksim.link.coding.config import CRC_BITS, HarqConfig, Ldpc5gConfig, UncodedConfig, base_graph


class LinkConfig(StrictModel):
    """The whole chain between payload bits and received soft bits."""

    code: Annotated[Ldpc5gConfig | UncodedConfig, Field(discriminator="kind")] = Ldpc5gConfig()
    modulation: ModulationConfig = ModulationConfig()
    waveform: Annotated[SingleCarrierConfig | OfdmConfig, Field(discriminator="kind")] = SingleCarrierConfig()
    channel: AnyChannel = ChannelConfig()
    antennas: AntennasConfig = AntennasConfig()
    csi: CsiConfig = CsiConfig()
    demapping: Literal["app", "maxlog"] = "app"
    engine: Literal["compiled", "sionna"] = Field(
        "compiled",
        description="what maps, fades, equalizes and demaps: one compiled pass, or Sionna's own blocks, slower and equal",
    )
    harq: HarqConfig = HarqConfig()
    share_blocks: bool = Field(
        True, description="simulate each block once and apply its errors to every scheme with the same code and channel"
    )
    scrambling: bool = Field(
        True,
        description="add uniform bits before mapping, so that all points are sent equally often whatever the payload is; "
        "false: the payload's own bits choose the points, whose mean power is then theirs and not 1, which needs share_blocks: false",
    )

    @model_validator(mode="after")
    def _code_fits(self) -> "LinkConfig":
        if isinstance(self.code, Ldpc5gConfig):
            try:
                base_graph(self.block_bits, self.coded_bits_per_block)
            except ValueError as error:
                raise ValueError(
                    f"code.rate {self.code.rate:.4g} with code.block_bits {self.block_bits} is not allowed: {error}"
                ) from None
        elif self.harq.repeats:
            raise ValueError(
                f"harq.kind {self.harq.kind} adds up what several transmissions say of a code's bits, but code.kind is none; "
                "use a code, or harq: {kind: none}"
            )
        return self

    @model_validator(mode="after")
    def _shared_blocks_are_scrambled(self) -> "LinkConfig":
        if self.share_blocks and not self.scrambling:
            raise ValueError(
                "share_blocks: true takes what happened to one payload for another, which holds for scrambled bits alone; "
                "with scrambling: false give share_blocks: false"
            )
        return self

    @model_validator(mode="after")
    def _air_fits(self) -> "LinkConfig":
        check_air(self.waveform, self.channel, self.antennas, self.csi)
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
        """Coded bits of one transmission of a block (n): `block_bits / rate` rounded up to whole symbols."""
        m = self.modulation.bits_per_symbol
        if isinstance(self.code, UncodedConfig):
            return math.ceil(self.block_bits / m) * m
        # 1e-9: a rate such as 0.3 is not exact in binary and must not cost a symbol for that.
        return math.ceil(self.block_bits / self.code.rate / m - 1e-9) * m

    @property
    def symbols_per_block(self) -> int:
        """Complex channel uses of one transmission of a block."""
        return self.coded_bits_per_block // self.modulation.bits_per_symbol

    def channel_uses(self, symbols: int) -> int:
        """Channel uses that `symbols` data symbols take: as many on a single carrier, over OFDM all resource elements
        of the slots they need.
        """
        if isinstance(self.waveform, SingleCarrierConfig):
            return symbols
        return math.ceil(symbols / self.waveform.data_elements) * self.waveform.elements

    def prefix_samples(self, symbols: int) -> int:
        """Samples of the cyclic prefixes beside `channel_uses(symbols)`, each as long as a channel use."""
        if isinstance(self.waveform, SingleCarrierConfig):
            return 0
        return math.ceil(symbols / self.waveform.data_elements) * self.waveform.prefix_samples

    def data_symbols(self, channel_uses: int) -> int:
        """The most data symbols whose `channel_uses` are not above these."""
        if isinstance(self.waveform, SingleCarrierConfig):
            return max(0, channel_uses)
        return max(0, channel_uses // self.waveform.elements) * self.waveform.data_elements
