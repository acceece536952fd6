"""The ledger: everything that is sent for a payload, counted."""

import math
from dataclasses import asdict, dataclass

from linksim.link.coding.config import CRC_BITS
from linksim.link.config import LinkConfig


@dataclass(frozen=True)
class Ledger:
    """The cost of one payload on the link.

    Attributes:
        source_bits: payload bits handed to the link.
        filler_bits: zeros that fill the last block.
        crc_bits: 24 a block.
        information_bits: the sum of the three, what enters the channel encoder.
        coded_bits: what leaves it.
        channel_uses: complex symbols; the budget on which schemes are compared.
        n_blocks: code blocks.
        n_transmissions: how often they were sent, all together; more than `n_blocks` where failed ones were sent again,
            which coded bits and channel uses then count, too.
        prefix_samples: what cyclic prefixes take beside the channel uses, each sample as long as one; time that no
            budget counts.
    """

    source_bits: int
    filler_bits: int
    crc_bits: int
    information_bits: int
    coded_bits: int
    channel_uses: int
    n_blocks: int
    n_transmissions: int
    prefix_samples: int = 0

    def __post_init__(self) -> None:
        if self.source_bits + self.filler_bits + self.crc_bits != self.information_bits:
            raise ValueError(f"ledger does not add up: {self}")

    def __add__(self, other: "Ledger") -> "Ledger":
        return Ledger(**{key: value + getattr(other, key) for key, value in asdict(self).items()})


def ledger_of(config: LinkConfig, source_bits: int) -> Ledger:
    """Ledger of a payload of `source_bits` bits whose blocks are sent once; an empty payload takes no block."""
    blocks = math.ceil(source_bits / config.payload_bits_per_block)
    symbols = blocks * config.symbols_per_block
    return Ledger(
        source_bits=source_bits,
        filler_bits=blocks * config.payload_bits_per_block - source_bits,
        crc_bits=blocks * CRC_BITS,
        information_bits=blocks * config.block_bits,
        coded_bits=blocks * config.coded_bits_per_block,
        channel_uses=config.channel_uses(symbols),
        n_blocks=blocks,
        n_transmissions=blocks,
        prefix_samples=config.prefix_samples(symbols),
    )


def symbol_ledger(config: LinkConfig, symbols: int) -> Ledger:
    """Ledger of `symbols` complex symbols that carry no bits."""
    uses, prefixes = config.channel_uses(symbols), config.prefix_samples(symbols)
    return Ledger(0, 0, 0, 0, 0, channel_uses=uses, n_blocks=0, n_transmissions=0, prefix_samples=prefixes)


def blocks_within(config: LinkConfig, channel_uses: int) -> int:
    """The most blocks that can be sent once in `channel_uses`."""
    return config.data_symbols(channel_uses) // config.symbols_per_block


def capacity_bits(config: LinkConfig, channel_uses: int) -> int:
    """The most payload bits whose ledger fits into `channel_uses`; 0 where not even one block does."""
    return blocks_within(config, channel_uses) * config.payload_bits_per_block
