"""Slots drawn from their keys: what the channel does to them, and the noise."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from linksim.common.seeds import generator
from linksim.link.air.channel import complex_normal, line_of_sight
from linksim.link.air.config import CsiConfig
from linksim.link.air.delays import DelayChannelConfig
from linksim.link.air.ofdm.layout import SlotKey
from linksim.link.air.ofdm.responses import responses_of
from linksim.link.air.waveform import OfdmConfig


class Slots(NamedTuple):
    """Some slots, complex64 `[slots, antennas, symbols_per_slot, used_subcarriers]` each.

    Attributes:
        response: the channel.
        noise: of the variance N0.
        known: the channel as a receiver without pilots knows it.
        residual: variance of `response - known`.
    """

    response: np.ndarray
    noise: np.ndarray
    known: np.ndarray
    residual: float


class SlotSource:
    """Draws slots; each (key, Es/N0) has a generator of its own."""

    def __init__(self, channel: Any, waveform: OfdmConfig, antennas: int, csi: CsiConfig) -> None:
        self._responses = responses_of(channel, waveform, antennas)
        self._shape = (antennas, waveform.symbols_per_slot, waveform.used_subcarriers)
        self._error_variance = csi.error_variance
        self._law = (0.0, 1.0) if isinstance(channel, DelayChannelConfig) else line_of_sight(channel)

    def draw(self, keys: list[SlotKey], es_no_db: float) -> Iterator[tuple[slice, Slots]]:
        """The slots, a batch at a time, each with its place in `keys`."""
        for start in range(0, len(keys), self._responses.batch):
            part = slice(start, min(start + self._responses.batch, len(keys)))
            yield part, self._batch(keys[part], es_no_db)

    def _batch(self, keys: list[SlotKey], es_no_db: float) -> Slots:
        count = int(np.prod(self._shape))
        scale = np.float32(np.sqrt(10 ** (-es_no_db / 10) / 2))
        noise = np.empty((len(keys), *self._shape), np.complex64)
        error = np.zeros(noise.shape if self._error_variance else (0,), np.complex64)
        numbers = []
        for row, (stream, number) in enumerate(keys):
            rng = generator(*stream, "slot", number, es_no_db, "channel")
            noise[row] = scale * complex_normal(rng, count).reshape(self._shape)
            numbers.append(self._responses.draw(rng))
            if self._error_variance:
                error[row] = complex_normal(rng, count).reshape(self._shape)
        response = self._responses.of(np.stack(numbers))
        if not self._error_variance:
            return Slots(response, noise, response, 0.0)
        mean, scattered = self._law
        weight = scattered / (scattered + self._error_variance)
        raw = response + np.float32(np.sqrt(self._error_variance / 2)) * error
        known = np.complex64(mean) + np.float32(weight) * (raw - np.complex64(mean))
        return Slots(response, noise, known, weight * self._error_variance)


@lru_cache(maxsize=8)
def slot_source(channel: Any, waveform: OfdmConfig, antennas: int, csi: CsiConfig) -> SlotSource:
    """The source for these keys; links that differ in code or constellation share it, and its compiled channel."""
    return SlotSource(channel, waveform, antennas, csi)
