"""What is drawn for a step of bits that are random in training (`codebook.bits`)."""

import numpy as np

from linksim.common.seeds import generator
from linksim.training.batches import is_clean
from linksim.training.config import FlipsConfig, TrainConfig


def draw_bits(config: TrainConfig, grid: tuple[int, ...], step: int) -> dict[str, np.ndarray]:
    """What `network.vqvae.Inputs` has beside its other keys for `grid` features `(B, h, w)`: `uniform` and `fold`;
    nothing where bits are decided.

    Where the channel is folded into the probability of a bit, its `flips` are none: nothing is flipped after it.
    """
    model, bits = config.model, config.codebook.bits
    if bits == "decided":
        return {}
    rng = generator(config.seed, step, "bits")
    drawn = {
        "uniform": rng.random((*grid, model.latent_dim), np.float32),
        "fold": np.zeros(1, np.float32),
    }
    if bits == "folded":
        drawn["fold"][:] = draw_rate(config.flips, config.seed, step)
        drawn["flips"] = np.zeros((*grid, model.stages, model.heads), np.int32)
    return drawn


def draw_rate(config: FlipsConfig, seed: int, step: int) -> float:
    """Bit-error rate of a batch, as `batches.draw_flips` has one: 0 where it is clean."""
    rng = generator(seed, step, "fold")
    return 0.0 if is_clean(config, step, rng) else float(rng.uniform(*config.bit_error_rate))
