"""The channel code of a link and whether it sends failed blocks again, as `link.code` and `link.harq` say it."""

from itertools import cycle, islice
from typing import Annotated, Literal

from pydantic import Field

from linksim.common.model import StrictModel

CRC_BITS = 24
LOWEST_CODE_RATE, HIGHEST_CODE_RATE = 30 / 1024, 948 / 1024
"""Of the 5G shared channels (3GPP TS 38.214, 5.1.3.1)."""
MOST_BASE_GRAPH_2_BITS = 3840
"""Of a block of base graph 2 (3GPP TS 38.212, 5.2.2)."""

BaseGraph = Literal[1, 2]


def base_graph(k: int, n: int) -> BaseGraph:
    """The base graph of 3GPP TS 38.212, 6.2.2 and 7.2.2, for `k` information bits (its CRC among them) in `n` coded bits.

    Raises:
        ValueError: there is no such block; a transport block at this rate is cut into smaller ones.
    """
    if k <= 292 or (k <= 3824 and k / n <= 0.67):
        return 2
    if k / n > 0.25:
        return 1
    if k <= MOST_BASE_GRAPH_2_BITS:
        return 2
    raise ValueError(
        f"rates up to 1/4 have blocks of at most {MOST_BASE_GRAPH_2_BITS} bits (3GPP TS 38.212, 5.2.2: base graph 2)"
    )


class Ldpc5gConfig(StrictModel):
    """5G LDPC code (3GPP TS 38.212, 5.3.2) with a CRC24A in every block of `block_bits` information bits."""

    kind: Literal["ldpc5g"] = "ldpc5g"
    rate: Annotated[float, Field(ge=LOWEST_CODE_RATE, le=HIGHEST_CODE_RATE)] = Field(
        0.5,
        description="information bits over coded bits, 30/1024 to 948/1024; what the code has too few bits for is repeated",
    )
    block_bits: Annotated[int, Field(ge=64, le=8448)] = Field(
        1536, description="information bits of a block, its 24 CRC bits among them"
    )
    iterations: Annotated[int, Field(ge=1, le=200)] = 20
    decoder: Literal["sionna", "layered"] = Field(
        "sionna",
        description="sionna: sum-product of Sionna; layered: our own sum-product in integers, check after check, faster",
    )
    early_termination: bool = Field(
        True, description="stop once all parity checks and the CRC hold; false: slower, with the same results"
    )


class UncodedConfig(StrictModel):
    """No channel code: blocks of `block_bits` bits with a CRC24A each, sent as they are."""

    kind: Literal["none"] = "none"
    block_bits: Annotated[int, Field(ge=64, le=1_000_000)] = 1536


VERSIONS = (0, 2, 3, 1)
"""Redundancy versions in the order of transmission (3GPP TS 38.214, 5.1.2.1, Table 5.1.2.1-2)."""


class HarqConfig(StrictModel):
    """Blocks whose CRC fails are sent again, each time over a fade of its own; the receiver adds up all LLRs of a bit.

    `chase`: the same coded bits again. `incremental`: other bits of the code, redundancy versions 0, 2, 3, 1 in turn.
    Every transmission is counted; a budget (`rate_match`, `rho`, `channel_uses`, `bpp`) is never overrun.
    """

    kind: Literal["none", "chase", "incremental"] = "none"
    max_transmissions: Annotated[int, Field(ge=1, le=16)] = Field(
        4, description="of a block, the first one counted; of kind: none there is one"
    )

    @property
    def most(self) -> int:
        """How often a block is sent at most."""
        return 1 if self.kind == "none" else self.max_transmissions

    @property
    def repeats(self) -> bool:
        """Whether any block is sent again."""
        return self.most > 1

    def versions(self, transmissions: int) -> tuple[int, ...]:
        """Redundancy versions of the first `transmissions` of a block."""
        return tuple(islice(cycle(VERSIONS if self.kind == "incremental" else (0,)), transmissions))
