"""OFDM as an `Air`: code blocks in consecutive slots, equalized by LMMSE with what the receiver knows of the channel."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from linksim.common.seeds import generator
from linksim.link.air.air import Air, BlockKey, Equalized
from linksim.link.air.config import CsiConfig, ModulationConfig
from linksim.link.air.ofdm.estimation import estimator_of
from linksim.link.air.ofdm.grid import pilots_of
from linksim.link.air.ofdm.layout import lay
from linksim.link.air.ofdm.receiving import equalize, estimate
from linksim.link.air.ofdm.slots import Slots, slot_source
from linksim.link.air.waveform import AntennasConfig, OfdmConfig

NO_MATRIX = np.zeros((0, 0), np.complex64)


@dataclass(frozen=True)
class EqualizedBlocks:
    """What equalized symbols are made of: `gain x + noise`.

    Since pilots are the only symbols that matter to the estimate, all of it is known before the data are.

    Attributes:
        scrambling: uint8 `[blocks, bits]`.
        gain: complex64 `[blocks, symbols]`; 1 where the receiver knows the channel.
        noise: complex64 `[blocks, symbols]`.
        noise_variance: as the receiver counts it, float32 `[blocks, symbols]`.
    """

    scrambling: np.ndarray
    gain: np.ndarray
    noise: np.ndarray
    noise_variance: np.ndarray


class OfdmAir(Air):
    """OFDM over any channel, with one transmit antenna and some receive antennas."""

    def __init__(
        self,
        waveform: OfdmConfig,
        channel: Any,
        antennas: AntennasConfig,
        csi: CsiConfig,
        modulation: ModulationConfig,
        exact: bool,
        symbols_per_block: int,
    ) -> None:
        self.waveform, self.channel, self.csi = waveform, channel, csi
        self.antennas = antennas.receive
        self.bits_per_symbol, self.exact = modulation.bits_per_symbol, exact
        self.symbols_per_block = symbols_per_block
        self.source = slot_source(channel, waveform, antennas.receive, csi)

    def draw(self, es_no_db: float, keys: list[BlockKey]) -> Any:
        """Scrambling by block; noise, channel and its estimate by slot, whatever blocks of it are asked for."""
        slots, places = lay(keys, self.symbols_per_block, self.waveform.data_elements)
        shape = (len(slots), self.waveform.data_elements)
        gain, noise = np.empty(shape, np.complex64), np.empty(shape, np.complex64)
        variance = np.empty(shape, np.float32)
        for part, drawn in self.source.draw(slots, es_no_db):
            gain[part], noise[part], variance[part] = self._receive(drawn, es_no_db)
        taken = (values.reshape(-1)[places] for values in (gain, noise, variance))
        return EqualizedBlocks(self.scrambling(es_no_db, keys), *taken)

    def _receive(self, slots: Slots, es_no_db: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Gain, noise and its variance after the equalizer, each `[slots, data_elements]`."""
        no = 10 ** (-es_no_db / 10)
        waveform = self.waveform
        grid = (waveform.symbols_per_slot, waveform.used_subcarriers)
        if self.csi.kind == "perfect":
            known, error = slots.known, np.full(grid, slots.residual, np.float32)
        else:
            weights = estimator_of(self.csi, self.channel, waveform, no)
            at = np.array(sorted(waveform.pilot_symbols))
            frequency = NO_MATRIX if weights.frequency is None else weights.frequency
            known = estimate(slots.response, slots.noise, pilots_of(waveform), at, frequency, weights.time)
            error = weights.error
        return equalize(slots.response, known, slots.noise, np.float32(no) + error, np.array(waveform.data_symbols))

    def scrambling(self, es_no_db: float, keys: list[BlockKey]) -> np.ndarray:
        """Uniform bits, uint8 `[blocks, bits]`."""
        bits = self.symbols_per_block * self.bits_per_symbol
        out = np.empty((len(keys), bits), np.uint8)
        for row, key in enumerate(keys):
            drawn = generator(*key, es_no_db, "scrambling").bytes(-(-bits // 8))
            out[row] = np.unpackbits(np.frombuffer(drawn, np.uint8), count=bits)
        return out

    def send(self, symbols: np.ndarray, realization: Any) -> Equalized:
        """`gain x + noise`."""
        n = symbols.shape[1]
        received = realization.gain[:, :n] * symbols + realization.noise[:, :n]
        return Equalized(received.astype(np.complex64), realization.noise_variance[:, :n])
