"""Channels of 3GPP TR 38.901 whose paths have delays, as a scenario's `link.channel` says them. Light to import."""

from typing import Annotated, Literal

from pydantic import Field

from linksim.common.model import StrictModel

Model = Literal["A", "B", "C", "D", "E"]

LONGEST_DELAY: dict[str, dict[str, float]] = {
    "tdl": {"A": 9.6586, "B": 4.7834, "C": 8.6523, "D": 12.525, "E": 20.6519},
    "cdl": {"A": 9.6586, "B": 4.7834, "C": 8.6523, "D": 12.525, "E": 20.6419},
}
"""Delay of the last path over the delay spread: TR 38.901, tables 7.7.2-1 to -5 and 7.7.1-1 to -5, as Sionna has them."""


class DelayChannelConfig(StrictModel):
    """The keys of both families. Within a slot the paths change with the Doppler; slots are independent."""

    kind: str
    model: Model = Field(description="A, B, C without line of sight, D, E with")
    delay_spread_ns: Annotated[float, Field(ge=0, le=100_000)] = Field(
        description="root mean square; TR 38.901, table 7.7.3-1 calls 10 very short, 100 nominal, 1000 very long"
    )
    speed_m_s: Annotated[float, Field(ge=0, le=500)] = Field(0.0, description="of the terminal")
    carrier_ghz: Annotated[float, Field(ge=0.5, le=100)] = Field(3.5, description="carrier frequency")


class TdlConfig(DelayChannelConfig):
    """Tapped delay line (3GPP TR 38.901, 7.7.2), unit mean power; antennas fade independently."""

    kind: Literal["tdl"]


class CdlConfig(DelayChannelConfig):
    """Clustered delay line (3GPP TR 38.901, 7.7.1), unit mean power.

    Antennas without directivity, vertically polarized; the receiver's stand in a row, half a wavelength apart.
    """

    kind: Literal["cdl"]
    direction: Literal["downlink", "uplink"] = Field(
        "downlink", description="downlink: the moving terminal receives; uplink: it sends"
    )


def longest_delay_ns(channel: DelayChannelConfig) -> float:
    """Delay of the last path."""
    return LONGEST_DELAY[channel.kind][channel.model] * channel.delay_spread_ns
