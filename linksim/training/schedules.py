"""Schedules over the training steps: quantization, the learning rate, and the bit-error rate of eq. 22."""

import math

from linksim.training.config import TrainConfig
from linksim.training.recipe import Recipe


def quantization_begins(config: TrainConfig) -> int:
    """The first step with quantization: `min(initialize_at, steps // 3)`, or 0 if the codebook is kept.

    There the codebook is initialized, and from there its labels, its revival and the annealing of eq. 22 run.
    """
    if config.codebook.initialization == "keep":
        return 0
    return min(config.codebook.initialize_at, config.steps // 3)


def quantizes(config: TrainConfig, step: int) -> bool:
    """Whether the decoder sees codewords at a step, and no longer the features themselves."""
    return step >= quantization_begins(config)


def channel_aware_rate(config: TrainConfig, step: int) -> float:
    """Bit-error rate of eq. 22 at a step: annealed from `start_bit_error_rate`, then constant."""
    term = config.losses.channel_aware
    if term.start_bit_error_rate is None or term.anneal_steps == 0:
        return term.bit_error_rate
    done = min(max(step - quantization_begins(config), 0) / term.anneal_steps, 1.0)
    return term.start_bit_error_rate + (term.bit_error_rate - term.start_bit_error_rate) * done


def learning_rate(config: Recipe, step: int) -> float:
    """Linear warm-up, then cosine decay to the final rate."""
    o = config.optimizer
    if step < o.warmup_steps:
        return o.learning_rate * (step + 1) / o.warmup_steps
    progress = (step - o.warmup_steps) / max(1, config.steps - o.warmup_steps)
    return o.final_learning_rate + 0.5 * (o.learning_rate - o.final_learning_rate) * (1 + math.cos(math.pi * progress))
