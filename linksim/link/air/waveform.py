"""Waveform and antennas, as a scenario's `link.waveform` and `link.antennas` say them. Light to import."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from linksim.common.model import StrictModel

PRESETS: dict[str, dict[str, Any]] = {
    "nr-15khz": {"subcarrier_spacing_khz": 15.0},
    "nr-30khz": {"subcarrier_spacing_khz": 30.0},
}
"""Numerologies 0 and 1 of 5G (3GPP TS 38.211, 4.2 and 4.3) on six resource blocks of twelve subcarriers.

The normal prefix lasts 144/2048 of an OFDM symbol (TS 38.211, 5.3.1), 5.06 samples of 72: it is rounded down.
"""


class SingleCarrierConfig(StrictModel):
    """One symbol after the other over flat fading, without pilots."""

    kind: Literal["single-carrier"] = "single-carrier"


class OfdmConfig(StrictModel):
    """OFDM (`sionna.phy.ofdm.ResourceGrid`): slots of `symbols_per_slot` OFDM symbols on `subcarriers` subcarriers.

    Pilots take whole OFDM symbols. Code blocks fill what is left, OFDM symbol by OFDM symbol, one behind the other
    through consecutive slots.
    """

    kind: Literal["ofdm"] = "ofdm"
    preset: Literal["nr-15khz", "nr-30khz"] | None = Field(
        None, description="numerology 0 or 1 of 5G: sets what other keys do not say"
    )
    subcarriers: Annotated[int, Field(ge=1, le=3300)] = Field(72, description="guards and DC included; the FFT's size")
    subcarrier_spacing_khz: Annotated[float, Field(ge=0.1, le=1000)] = 30.0
    cyclic_prefix: Annotated[int, Field(ge=0)] = Field(
        6, description="samples, of which an OFDM symbol has as many as there are subcarriers"
    )
    symbols_per_slot: Annotated[int, Field(ge=1, le=140)] = Field(14, description="OFDM symbols of a slot")
    pilot_symbols: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        (2, 11), description="OFDM symbols of a slot that are pilots on all subcarriers, counted from 0"
    )
    guards: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=2, max_length=2)] = Field(
        (0, 0), description="empty subcarriers at the lower and the upper edge"
    )
    dc_null: bool = Field(False, description="whether the middle subcarrier is empty")

    @model_validator(mode="before")
    @classmethod
    def _preset_sets_what_is_not_said(cls, value: Any) -> Any:
        if not isinstance(value, dict) or value.get("preset") not in PRESETS:
            return value
        subcarriers = value.get("subcarriers", 72)
        prefix = {"cyclic_prefix": subcarriers * 144 // 2048} if isinstance(subcarriers, int) else {}
        return PRESETS[value["preset"]] | prefix | value

    @field_validator("pilot_symbols", "guards", mode="before")
    @classmethod
    def _lists_are_tuples(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value  # strict, a tuple is no list outside JSON

    @model_validator(mode="after")
    def _fits(self) -> "OfdmConfig":
        if self.cyclic_prefix > self.subcarriers:
            raise ValueError(
                f"cyclic_prefix {self.cyclic_prefix} is longer than an OFDM symbol of {self.subcarriers} samples; "
                f"allowed: 0 to {self.subcarriers}"
            )
        if self.used_subcarriers < 1:
            raise ValueError(
                f"guards {list(self.guards)}{' and dc_null' if self.dc_null else ''} leave none of {self.subcarriers} "
                "subcarriers; leave at least one"
            )
        pilots = self.pilot_symbols
        if len(pilots) >= self.symbols_per_slot:
            raise ValueError(
                f"pilot_symbols: {len(pilots)} pilots in a slot of {self.symbols_per_slot} OFDM symbols leave none for data; "
                "give fewer pilot_symbols or more symbols_per_slot"
            )
        if len(set(pilots)) < len(pilots):
            twice = next(symbol for symbol in pilots if pilots.count(symbol) > 1)
            raise ValueError(f"pilot_symbols {list(pilots)}: {twice} is given twice; each OFDM symbol once")
        if beyond := [symbol for symbol in pilots if symbol >= self.symbols_per_slot]:
            raise ValueError(
                f"pilot_symbols {list(pilots)}: a slot of {self.symbols_per_slot} OFDM symbols has no symbol "
                f"{beyond[0]}; allowed: 0 to {self.symbols_per_slot - 1}"
            )
        return self

    @property
    def used_subcarriers(self) -> int:
        """Subcarriers that carry data or pilots."""
        return self.subcarriers - sum(self.guards) - self.dc_null

    @property
    def data_symbols(self) -> tuple[int, ...]:
        """OFDM symbols of a slot that carry data."""
        return tuple(symbol for symbol in range(self.symbols_per_slot) if symbol not in self.pilot_symbols)

    @property
    def data_elements(self) -> int:
        """Resource elements of a slot that carry data."""
        return len(self.data_symbols) * self.used_subcarriers

    @property
    def elements(self) -> int:
        """All resource elements of a slot, with pilots, guards and DC."""
        return self.symbols_per_slot * self.subcarriers

    @property
    def prefix_samples(self) -> int:
        """Samples of a slot's cyclic prefixes. One lasts as long as a resource element takes, `1 / bandwidth`."""
        return self.symbols_per_slot * self.cyclic_prefix

    @property
    def spacing_hz(self) -> float:
        """Subcarrier spacing."""
        return 1e3 * self.subcarrier_spacing_khz

    @property
    def prefix_ns(self) -> float:
        """Duration of a cyclic prefix."""
        return 1e9 * self.cyclic_prefix / (self.subcarriers * self.spacing_hz)


class AntennasConfig(StrictModel):
    """Antennas of the receiver; the transmitter has one. What they receive is combined by an LMMSE equalizer."""

    receive: Literal[1, 2, 4] = 1
