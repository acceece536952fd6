"""What changes with the training step: the learning rate, and the bit-error rate of eq. 22."""

import math

from linksim.training.config import TrainConfig


def channel_aware_rate(config: TrainConfig, step: int) -> float:
    """Bit-error rate of eq. 22 at a step: annealed from `start_bit_error_rate`, then constant."""
    term = config.losses.channel_aware
    if term.start_bit_error_rate is None or term.anneal_steps == 0:
        return term.bit_error_rate
    done = min(max(step - config.codebook.initialize_at, 0) / term.anneal_steps, 1.0)
    return term.start_bit_error_rate + (term.bit_error_rate - term.start_bit_error_rate) * done


def learning_rate(config: TrainConfig, step: int) -> float:
    """Linear warm-up, then cosine decay to the final rate."""
    o = config.optimizer
    if step < o.warmup_steps:
        return o.learning_rate * (step + 1) / o.warmup_steps
    progress = (step - o.warmup_steps) / max(1, config.steps - o.warmup_steps)
    return o.final_learning_rate + 0.5 * (o.learning_rate - o.final_learning_rate) * (1 + math.cos(math.pi * progress))
