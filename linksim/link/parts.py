"""The three exchangeable parts of a link: its code, and its air, which ends in the demapper."""

from functools import lru_cache

from linksim.link.air.air import Air
from linksim.link.air.flat import FlatAir
from linksim.link.coding.code import Code
from linksim.link.coding.config import UncodedConfig
from linksim.link.coding.uncoded import Uncoded
from linksim.link.config import LinkConfig


def code_of(config: LinkConfig) -> Code:
    """The channel code of a link. Only one that codes imports TensorFlow and Sionna."""
    if isinstance(config.code, UncodedConfig):
        return Uncoded(config.block_bits, config.coded_bits_per_block)
    from linksim.link.coding.ldpc5g import Ldpc5g, ldpc_code

    sizes = config.block_bits, config.coded_bits_per_block, config.modulation.bits_per_symbol
    return Ldpc5g(config.code, ldpc_code(*sizes))


@lru_cache(maxsize=64)
def air_of(config: LinkConfig) -> Air:
    """Waveform, channel and demapper of a link."""
    return FlatAir(config.channel, config.csi, config.modulation, config.demapping == "app", config.symbols_per_block)
