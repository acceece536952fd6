"""Flat fading with one antenna: a compiled pass for bits, plain arithmetic for symbols, on the same random numbers."""

import numpy as np

from linksim.link.air.air import Air, BlockKey, Equalized
from linksim.link.air.channel import Realizations, draw
from linksim.link.air.config import CsiConfig, ModulationConfig
from linksim.link.air.demapping import SMALLEST_GAIN, channel_llrs
from linksim.link.air.fading import FadingConfig
from linksim.link.air.modulation import gray_pam


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
