"""OFDM with `link.engine: sionna`: Sionna's resource grid mapper, channel, estimator, equalizer, mapper and demapper.

On the random numbers of `OfdmAir`, which is proven equal to it. A slot goes through the graph by itself, for the reason
that `linksim.link.air.sionna` gives.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from sionna.phy.channel import ApplyOFDMChannel
from sionna.phy.mimo import StreamManagement
from sionna.phy.ofdm import LMMSEEqualizer, LMMSEInterpolator, LSChannelEstimator, ResourceGridMapper

from linksim.link.air.air import BlockKey, Equalized
from linksim.link.air.ofdm.covariance import covariances
from linksim.link.air.ofdm.estimation import SIONNA_NAMES
from linksim.link.air.ofdm.grid import resource_grid, used
from linksim.link.air.ofdm.layout import lay
from linksim.link.air.ofdm.ofdm import OfdmAir
from linksim.link.air.ofdm.slots import Slots
from linksim.link.air.sionna import SionnaMapping


@dataclass(frozen=True)
class SlotBlocks:
    """Slots, and where in their data elements the symbols of blocks lie.

    Attributes:
        scrambling: uint8 `[blocks, bits]`.
        slots: as they were drawn.
        places: int64 `[blocks, symbols]`, see `layout.lay`.
        es_no_db: Es/N0.
    """

    scrambling: np.ndarray
    slots: list[Slots]
    places: np.ndarray
    es_no_db: float


class SionnaOfdmAir(SionnaMapping, OfdmAir):
    """Everything between bits and LLRs by Sionna's blocks."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        grid = resource_grid(self.waveform)
        self._map, self._apply = ResourceGridMapper(grid), ApplyOFDMChannel()
        self._equalize = LMMSEEqualizer(grid, StreamManagement(np.array([[1]]), 1))
        self._estimate = None
        if self.csi.kind == "ls":
            self._estimate = LSChannelEstimator(grid, SIONNA_NAMES[self.csi.interpolation])
        elif self.csi.kind == "lmmse":
            # In single precision its least squares fail where the covariance has hardly more than one eigenvalue.
            grid = resource_grid(self.waveform, "double")
            frequency, time = (tf.constant(matrix) for matrix in covariances(self.channel, self.waveform))
            interpolator = LMMSEInterpolator(grid.pilot_pattern, time, frequency, order="f-t")
            self._estimate = LSChannelEstimator(grid, interpolator=interpolator, precision="double")
        self._receive_slot = tf.function(self._slot)

    def draw(self, es_no_db: float, keys: list[BlockKey]) -> SlotBlocks:
        """The slots as they are."""
        slots, places = lay(keys, self.symbols_per_block, self.waveform.data_elements)
        drawn = [
            Slots(batch.response[row], batch.noise[row], batch.known[row], batch.residual)
            for part, batch in self.source.draw(slots, es_no_db)
            for row in range(part.stop - part.start)
        ]
        return SlotBlocks(self.scrambling(es_no_db, keys), drawn, places, es_no_db)

    def _slot(self, symbols: Any, response: Any, noise: Any, known: Any, residual: Any, no: Any) -> Any:
        """One slot: data symbols `[1, 1, 1, data_elements]`, equalized, and their noise variance."""
        received = self._apply(self._map(symbols), response) + noise
        if self._estimate is None:
            estimated, error = known, residual
        else:
            estimated, error = self._estimate(received, no)
            estimated, error = tf.cast(estimated, tf.complex64), tf.cast(error, tf.float32)
        return self._equalize(received, estimated, error, no)

    def send(self, symbols: np.ndarray, realization: Any) -> Equalized:
        """As `OfdmAir.send`; the places of other blocks stay silent, as they do not reach this one's."""
        elements = self.waveform.data_elements
        no = tf.constant(10 ** (-realization.es_no_db / 10), tf.float32)
        out, variance = np.empty(symbols.shape, np.complex64), np.empty(symbols.shape, np.float32)
        for row, sent in enumerate(symbols):
            places = realization.places[row, : len(sent)]
            for number in np.unique(places // elements):
                mine = places // elements == number
                data = np.zeros((1, 1, 1, elements), np.complex64)
                data[0, 0, 0, places[mine] % elements] = sent[mine]
                equalized, left = self._receive_slot(data, *self._tensors(realization.slots[number]), no)
                out[row, mine] = equalized.numpy()[0, 0, 0, places[mine] % elements]
                variance[row, mine] = left.numpy()[0, 0, 0, places[mine] % elements]
        return Equalized(out, variance)

    def _tensors(self, slot: Slots) -> tuple[Any, ...]:
        """Response and noise on all subcarriers, what is known on the used ones, in Sionna's shapes."""
        everywhere = (*slot.response.shape[:2], self.waveform.subcarriers)
        response, noise = np.zeros(everywhere, np.complex64), np.zeros(everywhere, np.complex64)
        response[..., used(self.waveform)], noise[..., used(self.waveform)] = slot.response, slot.noise
        residual = tf.constant(slot.residual, tf.float32)
        return response[None, None, :, None, None], noise[None, None], slot.known[None, None, :, None, None], residual
