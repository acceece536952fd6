"""The link's channel as a differentiable layer: what is drawn for it, and how it is applied."""

import numpy as np

from linksim.common.seeds import generator
from linksim.jscc.symbols import reals_of, reliability
from linksim.link.air.channel import draw
from linksim.link.air.config import CsiConfig
from linksim.training.jscc.config import JsccRecipe


def draw_channel(
    config: JsccRecipe, shape: tuple[int, int, int, int], step: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Es/N0 in dB `[B]` of each image of a batch, and for its real numbers `[B, h, w, F]` their reliability and the
    noise of their estimates.

    With `x` sent and perfect channel knowledge, the link's receiver has `x + n / h` with the variance `v = N0 / |h|^2`,
    and the decoder's input is `(x + n / h) / (1 + v)`, that is `reliability * x + noise`.
    """
    batch, height, width, reals = shape
    low, high = config.es_no_db
    es_no_db = generator(config.seed, step, "snr").uniform(low, high, batch)
    count = -(-height * width * reals // 2)
    trust, noise = np.empty((batch, count), np.float32), np.empty((batch, count), np.complex64)
    for i, snr in enumerate(es_no_db):
        slot = draw(config.channel, CsiConfig(), 1, count, float(snr), [(config.seed, step, i)])
        gain = np.maximum(np.abs(slot.fading[0]) ** 2, 1e-12)
        trust[i] = reliability(slot.noise_variance / gain)
        # In this order, because n / h alone is large where the channel vanishes.
        noise[i] = slot.noise[0] * (trust[i] * np.conj(slot.fading[0]) / gain)
    return es_no_db, reals_of(trust, (height, width, reals)), reals_of(noise, (height, width, reals))
