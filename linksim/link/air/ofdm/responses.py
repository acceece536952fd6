"""Frequency responses of slots: one complex factor per antenna and resource element."""

from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from sionna.phy.channel import GenerateOFDMChannel
from sionna.phy.channel.tr38901 import CDL, TDL, Antenna, AntennaArray

from linksim.link.air.channel import line_of_sight, scattered_fades
from linksim.link.air.delays import CdlConfig, DelayChannelConfig
from linksim.link.air.fading import FadingConfig
from linksim.link.air.ofdm.grid import resource_grid, used
from linksim.link.air.ofdm.numbers import Handing, Noting, draw, standing_in
from linksim.link.air.waveform import OfdmConfig

MEMORY = 2**26
"""Bytes of the largest tensor in flight: a factor per path, antenna and resource element."""


class Responses(Protocol):
    """A channel over slots.

    Attributes:
        batch: slots that are computed together.
    """

    batch: int

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """All that is random about one slot, a row of numbers."""

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """Responses complex64 `[slots, antennas, symbols_per_slot, used_subcarriers]` of at most `batch` rows of
        numbers; mean power 1.
        """


class FlatResponses:
    """Flat fading: the same on all subcarriers, unless it lasts one symbol, which here is a resource element."""

    batch = 32

    def __init__(self, channel: FadingConfig, waveform: OfdmConfig, antennas: int) -> None:
        self._channel, self._antennas = channel, antennas
        self._mean, self._scattered = line_of_sight(channel)
        self._symbols, self._subcarriers = waveform.symbols_per_slot, waveform.used_subcarriers
        coherence = channel.coherence
        self._length = min(coherence if isinstance(coherence, int) else self._symbols, self._symbols)
        symbol_wise = coherence == "symbol"
        in_time = self._symbols if symbol_wise else -(-self._symbols // self._length)
        self._shape = (antennas, in_time, self._subcarriers if symbol_wise else 1)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """The scattered part of the slot's fades."""
        count = int(np.prod(self._shape))
        if not self._scattered:
            return np.zeros(count, np.complex64)
        return scattered_fades(self._channel, self._scattered, rng, count)

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """Each fade as often as it lasts."""
        fades = numbers.reshape(len(numbers), *self._shape) + np.complex64(self._mean)
        if self._shape[1] < self._symbols:
            fades = np.repeat(fades, self._length, axis=2)[:, :, : self._symbols]
        shape = (len(numbers), self._antennas, self._symbols, self._subcarriers)
        return np.ascontiguousarray(np.broadcast_to(fades, shape), np.complex64)


class DelayResponses:
    """TDL and CDL of TR 38.901 by Sionna's models on random numbers of ours, `batch` slots in one call."""

    def __init__(self, channel: DelayChannelConfig, waveform: OfdmConfig, antennas: int) -> None:
        model = delay_model(channel, antennas)
        self._generate = GenerateOFDMChannel(model, resource_grid(waveform))
        self._used = used(waveform)
        per_slot = 8 * int(model.num_clusters) * antennas * waveform.elements
        self.batch = int(np.clip(MEMORY // per_slot, 1, 32))
        noting = Noting()
        with standing_in(noting):
            self._generate(1)
        self._requests = noting.requests
        self._count = sum(request.size for request in noting.requests)
        self._call = tf.function(
            self._responses, input_signature=[tf.TensorSpec([self.batch, self._count], tf.float32)]
        )

    def _responses(self, numbers: Any) -> Any:
        with standing_in(Handing(numbers, self._requests)):
            # [batch, 1 receiver, antennas, 1 transmitter, 1 antenna, OFDM symbols, subcarriers]
            return self._generate(self.batch)[:, 0, :, 0, 0]

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """What the model draws for one slot."""
        return draw(self._requests, rng)

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """The model's responses."""
        filled = np.zeros((self.batch, self._count), np.float32)
        filled[: len(numbers)] = numbers
        responses: np.ndarray = self._call(filled).numpy()[: len(numbers), :, :, self._used]
        return np.ascontiguousarray(responses)


def delay_model(channel: DelayChannelConfig, antennas: int) -> TDL | CDL:
    """Sionna's model of a channel."""
    carrier_hz, spread = 1e9 * channel.carrier_ghz, 1e-9 * channel.delay_spread_ns
    if not isinstance(channel, CdlConfig):
        return TDL(channel.model, spread, carrier_hz, min_speed=channel.speed_m_s, num_rx_ant=antennas)
    element = {"polarization": "single", "polarization_type": "V", "antenna_pattern": "omni"}
    one = Antenna(**element, carrier_frequency=carrier_hz)
    row = AntennaArray(num_rows=1, num_cols=antennas, **element, carrier_frequency=carrier_hz)
    terminal, station = (row, one) if channel.direction == "downlink" else (one, row)
    return CDL(channel.model, spread, carrier_hz, terminal, station, channel.direction, min_speed=channel.speed_m_s)


def responses_of(channel: Any, waveform: OfdmConfig, antennas: int) -> Responses:
    """The responses of any channel of a scenario."""
    kind = DelayResponses if isinstance(channel, DelayChannelConfig) else FlatResponses
    return kind(channel, waveform, antennas)
