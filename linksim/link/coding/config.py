"""The channel code of a link, as a scenario's `link.code` says it."""

from typing import Annotated, Literal

from pydantic import Field

from linksim.common.model import StrictModel

CRC_BITS = 24
HIGHEST_CODE_RATE = 948 / 1024
"""Of the 5G shared channels (3GPP TS 38.214, 5.1.3.1)."""
MAX_BASE_GRAPH_2_BITS = 3824
"""Longer blocks use base graph 1, whose lowest rate is 1/3 (3GPP TS 38.212, 6.2.2 and 7.2.2)."""


class Ldpc5gConfig(StrictModel):
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


class UncodedConfig(StrictModel):
    """No channel code: blocks of `block_bits` bits with a CRC24A each, sent as they are."""

    kind: Literal["none"] = "none"
    block_bits: Annotated[int, Field(ge=64, le=1_000_000)] = 1536
