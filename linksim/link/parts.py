"""The three exchangeable parts of a link: its code, and its air, which ends in the demapper."""

from functools import lru_cache

from linksim.link.air.air import Air
from linksim.link.air.fading import FadingConfig
from linksim.link.air.flat import FlatAir
from linksim.link.air.waveform import OfdmConfig
from linksim.link.coding.code import Code
from linksim.link.coding.config import UncodedConfig
from linksim.link.coding.uncoded import Uncoded
from linksim.link.config import LinkConfig


def code_of(config: LinkConfig) -> Code:
    """The channel code of a link. Only one that codes imports TensorFlow and Sionna."""
    if isinstance(config.code, UncodedConfig):
        return Uncoded(config.block_bits, config.coded_bits_per_block)
    from linksim.link.coding.ldpc import ldpc_code
    from linksim.link.coding.ldpc5g import Ldpc5g

    sizes = config.block_bits, config.coded_bits_per_block, config.modulation.bits_per_symbol
    return Ldpc5g(config.code, ldpc_code(*sizes))


@lru_cache(maxsize=64)
def air_of(config: LinkConfig) -> Air:
    """Waveform, channel and demapper of a link. Only what runs on Sionna imports it."""
    after = config.modulation, config.demapping == "app", config.symbols_per_block
    sionna = config.engine == "sionna"
    if isinstance(config.waveform, OfdmConfig):
        from linksim.link.air.ofdm.ofdm import OfdmAir

        before = config.waveform, config.channel, config.antennas, config.csi
        if sionna:
            from linksim.link.air.ofdm.sionna import SionnaOfdmAir

            return SionnaOfdmAir(*before, *after)
        return OfdmAir(*before, *after)
    assert isinstance(config.channel, FadingConfig)
    if sionna:
        from linksim.link.air.sionna import SionnaFlatAir

        return SionnaFlatAir(config.channel, config.csi, *after)
    return FlatAir(config.channel, config.csi, *after)
