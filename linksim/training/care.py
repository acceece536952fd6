"""Care for a codebook between steps: its start, its first labels, and the revival of dead codewords."""

from collections.abc import Callable

import numpy as np

from linksim.codebook.kmeans import kmeans, nearest
from linksim.codebook.stages import Stages
from linksim.common.seeds import generator
from linksim.training.config import TrainConfig
from linksim.training.network.quantizer import Quantizer

VECTORS_PER_CODEWORD = 32
"""Of which k-means makes a codeword, at least."""


def vectors_per_step(config: TrainConfig) -> int:
    """Number of feature vectors in a batch of crops."""
    return (config.data.crop // config.model.downsampling) ** 2 * config.data.batch


def set_codebook(quantizer: Quantizer, codewords: np.ndarray, usage: np.ndarray, vectors: int) -> None:
    """Codewords `[S, H, K, D / H]` with the weight that the moving averages of a long run with `vectors` a batch
    would have.
    """
    counts = usage / usage.sum(-1, keepdims=True) * vectors
    quantizer.set_codewords(codewords.astype(np.float32), counts.astype(np.float32))


def start_codebook(quantizer: Quantizer, config: TrainConfig, features: Callable[[int], np.ndarray]) -> None:
    """The codebook that quantization begins with: stage by stage, each from what those before it leave of the features.

    Args:
        features: `[n, D]` of so many batches of training crops.
    """
    if config.codebook.initialization != "keep":
        vectors = vectors_per_step(config)
        batches = max(16, -(-VECTORS_PER_CODEWORD * quantizer.size // vectors))
        residual = features(batches)
        codewords, usage = np.array(quantizer.codewords), np.ones(quantizer.counts.shape)
        for s in range(quantizer.stages):
            left = []
            for h in range(quantizer.heads):
                part = np.asarray(quantizer.head(residual, h))
                codewords[s, h], usage[s, h] = _words(part, config, s * quantizer.heads + h)
                left.append(part - codewords[s, h][nearest(part, codewords[s, h])])
            residual = np.concatenate(left, -1)
        set_codebook(quantizer, codewords, usage, vectors)
    match_labels(quantizer, config)


def _words(vectors: np.ndarray, config: TrainConfig, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Codewords `[K, d]` of one stage and head for vectors `[n, d]`, and their counts `[K]`."""
    size = config.model.codebook_size
    if config.codebook.initialization == "kmeans":
        centres, counts = kmeans(vectors, size, iterations=15, seed=config.seed + number)
        return centres, counts + 1.0
    rng = generator(config.seed, number, "data codebook")
    return vectors[rng.choice(len(vectors), size, replace=len(vectors) < size)], np.ones(size)


def match_labels(quantizer: Quantizer, config: TrainConfig) -> None:
    """Permute the codewords so that likely label errors lead to near codewords, where the run asks for it."""
    term = config.losses.channel_aware
    if not term.weight or term.initial_labels != "matched":
        return
    from linksim.codebook.assignment.search import order_stages

    counts = np.array(quantizer.counts)
    stages = Stages(np.array(quantizer.codewords), counts / counts.sum(-1, keepdims=True))
    matched = stages.reordered(order_stages(stages, term.bit_error_rate, seed=config.seed))
    set_codebook(quantizer, matched.codewords, matched.usage, vectors_per_step(config))


def revive(quantizer: Quantizer, config: TrainConfig, z: np.ndarray, step: int) -> int:
    """Move codewords that are (nearly) never used onto what comes to their stage of random features; how many were
    moved.

    Args:
        z: features `[n, D]` of a batch.
    """
    quantized = quantizer(z)
    residuals, indices = np.asarray(quantized.residuals), np.asarray(quantized.indices)
    codewords, counts, sums = (np.array(x) for x in (quantizer.codewords, quantizer.counts, quantizer.sums))
    rng = generator(config.seed, step, "revive")
    moved = 0
    for s, h in np.ndindex(counts.shape[:2]):
        if not quantizer.ema:
            counts[s, h] = np.bincount(indices[:, s, h], minlength=quantizer.size)
        dead = np.flatnonzero(counts[s, h] < config.codebook.revive_below * counts[s, h].mean())
        if len(dead):
            picked = rng.choice(len(z), len(dead), replace=len(dead) > len(z))
            codewords[s, h, dead] = np.asarray(quantizer.head(residuals[picked, s], h))
            counts[s, h, dead] = 0.5 * counts[s, h].mean()
            sums[s, h, dead] = codewords[s, h, dead] * counts[s, h, dead, None]
            moved += len(dead)
    if moved:
        quantizer.put(codewords, counts, sums)
    return moved
