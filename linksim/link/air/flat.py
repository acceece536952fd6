"""Flat fading with one antenna: a compiled pass for bits, plain arithmetic for symbols, on the same random numbers."""

import numpy as np

from linksim.common.seeds import entropy_words
from linksim.link.air.air import Air, BlockKey, Equalized
from linksim.link.air.channel import Realizations, draw, draw_key, law_of
from linksim.link.air.config import ChannelConfig, CsiConfig, ModulationConfig
from linksim.link.air.demapping import SMALLEST_GAIN, channel_llrs
from linksim.link.air.fading import FadingConfig
from linksim.link.air.modulation import gray_pam
from linksim.link.air.one_pass import drawn_llrs


class FlatAir(Air):
    """Single carrier over flat fading, equalized by the receiver's estimate (see `channel` for the model)."""

    def __init__(
        self, channel: FadingConfig, csi: CsiConfig, modulation: ModulationConfig, exact: bool, symbols_per_block: int
    ) -> None:
        self.channel, self.csi = channel, csi
        self.bits_per_symbol, self.exact = modulation.bits_per_symbol, exact
        self.symbols_per_block = symbols_per_block

    def draw(self, es_no_db: float, keys: list[BlockKey]) -> Realizations:
        """Scrambling, noise, fading and its estimate."""
        n = self.symbols_per_block
        return draw(self.channel, self.csi, n * self.bits_per_symbol, n, es_no_db, keys)

    def send(self, symbols: np.ndarray, realization: Realizations) -> Equalized:
        """`(h x + n) / h_hat`, whose error has the variance `(N0 + r) / |h_hat|^2`."""
        n = symbols.shape[1]
        fading, estimate = realization.fading[:, :n], realization.estimate[:, :n]
        received = fading * symbols + realization.noise[:, :n]
        # The floor keeps a vanished channel finite.
        gain = np.maximum(np.abs(estimate) ** 2, SMALLEST_GAIN)
        variance = np.broadcast_to(realization.noise_variance / gain, received.shape)
        return Equalized((received * np.conj(estimate) / gain).astype(np.complex64), variance.astype(np.float32))

    def llrs(self, coded: np.ndarray, realization: Realizations) -> np.ndarray:
        """As `Air.llrs`, in one compiled pass."""
        return channel_llrs(
            coded,
            realization.scrambling,
            gray_pam(self.bits_per_symbol),
            realization.fading,
            realization.estimate,
            realization.noise,
            realization.noise_variance,
            self.bits_per_symbol,
            self.exact,
        )

    def block_llrs(
        self, es_no_db: float, keys: list[BlockKey], coded: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `Air.block_llrs`, in one compiled pass where the channel is one of our own: others need a `Generator`."""
        if not isinstance(self.channel, ChannelConfig):
            return super().block_llrs(es_no_db, keys, coded)
        n = self.symbols_per_block
        shape = len(keys), n * self.bits_per_symbol
        scrambling, llr = np.empty(shape, np.uint8), np.empty(shape, np.float32)
        drawn_llrs(
            entropy_words(draw_key(key, es_no_db) for key in keys),
            np.zeros((0, 0), np.uint8) if coded is None else coded,
            n,
            gray_pam(self.bits_per_symbol),
            law_of(self.channel, self.csi, n, es_no_db),
            self.bits_per_symbol,
            self.exact,
            scrambling,
            llr,
        )
        return llr, scrambling
