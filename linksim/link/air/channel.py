"""Flat fading, noise and channel estimation, block by block, from stateless random numbers.

Received symbol: `y = h x + n`, `E|h|^2 = E|x|^2 = 1`, `n ~ CN(0, N0)`, `N0 = 10^(-es_no_db / 10)`.

Fading: `h = mu + g`, `g ~ CN(0, s2)`. AWGN has `mu = 1, s2 = 0`; Rayleigh `mu = 0, s2 = 1`; Rician with factor K
`mu = sqrt(K/(K+1)), s2 = 1/(K+1)`.

CSI: a raw (least-squares) estimate is `h + w`, `w ~ CN(0, v)`, with `v = csi.error_variance`. The receiver knows
`mu`, `s2`, `v` and takes the MMSE estimate `h_hat = mu + s2/(s2+v) (h + w - mu)`; the error left has variance
`r = s2 v/(s2+v)` and is uncorrelated with `h_hat`. The receiver counts it as noise of power `r` (that is `r E|x|^2`),
so after dividing by `h_hat` the effective noise variance of a symbol is `(N0 + r) / |h_hat|^2`.

Fading of other packages (`linksim.link.air.fading`) counts as `mu = 0, s2 = 1` whatever its distribution. The
estimate is then the linear one of least error, and what is said of its error holds for any `h` of unit mean power.
"""

from dataclasses import dataclass

import numpy as np

from linksim.common.seeds import generator
from linksim.link.air.config import ChannelConfig, CsiConfig
from linksim.link.air.fading import FadingConfig, plugin_fades
from linksim.link.air.one_pass import Law


@dataclass(frozen=True)
class Realizations:
    """Everything random about a batch of blocks.

    scrambling: uint8 `[batch, coded_bits]`, uniform.
    fading: complex64 `[batch, symbols]`, or `[1, 1]` where it is 1 throughout.
    estimate: the receiver's `h_hat`, same shape.
    noise: complex64 `[batch, symbols]` with variance N0.
    noise_variance: `N0 + r` as the receiver counts it, before equalization.
    """

    scrambling: np.ndarray
    fading: np.ndarray
    estimate: np.ndarray
    noise: np.ndarray
    noise_variance: float


def line_of_sight(config: FadingConfig) -> tuple[float, float]:
    """`(mu, s2)`: amplitude of the constant part and power of the scattered part."""
    if not isinstance(config, ChannelConfig):
        return 0.0, 1.0
    if config.kind == "awgn":
        return 1.0, 0.0
    if config.kind == "rayleigh":
        return 0.0, 1.0
    if config.kind != "rician" or config.k_factor_db is None:
        raise ValueError(f"channel {config.kind}: its fading has no law here")
    k = 10 ** (config.k_factor_db / 10)
    return float(np.sqrt(k / (k + 1))), float(1 / (k + 1))


def complex_normal(rng: np.random.Generator, n: int) -> np.ndarray:
    """CN(0, 2): unit variance in each real dimension."""
    return rng.standard_normal(2 * n, dtype=np.float32).view(np.complex64)


def scattered_fades(config: FadingConfig, power: float, rng: np.random.Generator, n: int) -> np.ndarray:
    """The scattered part of `n` fades: complex64 `[n]` of mean power `power`."""
    if isinstance(config, ChannelConfig):
        return np.float32(np.sqrt(power / 2)) * complex_normal(rng, n)
    return plugin_fades(config, rng, n)


def draw_key(key: tuple, es_no_db: float) -> tuple:
    """Of the stream of a slot's numbers."""
    return (*key, es_no_db, "channel")


def fade_length(channel: FadingConfig, n_symbols: int) -> int:
    """Symbols that a fade lasts, at most the `n_symbols` of a block."""
    coherence = channel.coherence
    return min(coherence if isinstance(coherence, int) else {"symbol": 1, "block": n_symbols}[coherence], n_symbols)


def law_of(channel: ChannelConfig, csi: CsiConfig, n_symbols: int, es_no_db: float) -> Law:
    """The channel as `one_pass` needs it; its numbers are rounded as those of `draw`."""
    mu, scattered = line_of_sight(channel)
    error_variance = csi.error_variance if scattered else 0.0
    no = 10 ** (-es_no_db / 10)
    weight = scattered / (scattered + error_variance) if scattered else 1.0
    return Law(
        fade_length(channel, n_symbols),
        np.float32(mu),
        np.float32(np.sqrt(scattered / 2)),
        np.float32(np.sqrt(error_variance / 2)),
        np.float32(weight),
        np.float32(np.sqrt(no / 2)),
        no + weight * error_variance,
    )


def draw(
    channel: FadingConfig, csi: CsiConfig, n_bits: int, n_symbols: int, es_no_db: float, keys: list[tuple]
) -> Realizations:
    """Slots of `n_symbols` symbols and `n_bits` scrambling bits, one per key.

    Each (key, `es_no_db`) gets a generator of its own, so a slot's channel does not depend on the others in its batch.
    """
    mu, scattered = line_of_sight(channel)
    length = fade_length(channel, n_symbols)
    n_fades = -(-n_symbols // length)
    no = 10 ** (-es_no_db / 10)
    error_variance = csi.error_variance

    batch = len(keys)
    noise = np.empty((batch, n_symbols), np.complex64)
    scrambling = np.empty((batch, n_bits), np.uint8)
    fades = np.empty((batch, n_fades), np.complex64)
    errors = np.empty((batch, n_fades), np.complex64)
    for i, key in enumerate(keys):
        rng = generator(*draw_key(key, es_no_db))
        scrambling[i] = np.unpackbits(np.frombuffer(rng.bytes(-(-n_bits // 8)), np.uint8), count=n_bits)
        noise[i] = complex_normal(rng, n_symbols)
        if scattered:
            fades[i] = scattered_fades(channel, scattered, rng, n_fades)
            if error_variance:
                errors[i] = complex_normal(rng, n_fades)
    noise *= np.float32(np.sqrt(no / 2))

    if not scattered:
        ones = np.ones((1, 1), np.complex64)
        return Realizations(scrambling, ones, ones, noise, no)
    if error_variance:
        weight = scattered / (scattered + error_variance)
        scale = np.float32(np.sqrt(error_variance / 2))
        estimate = np.complex64(mu) + np.float32(weight) * (fades + scale * errors)
        residual = weight * error_variance
    else:
        estimate, residual = fades + np.complex64(mu), 0.0
    fading = fades + np.complex64(mu)

    def spread(values: np.ndarray) -> np.ndarray:
        if length == 1:
            return values.astype(np.complex64, copy=False)
        return np.repeat(values, length, axis=1)[:, :n_symbols].astype(np.complex64)

    return Realizations(scrambling, spread(fading), spread(estimate), noise, no + residual)
