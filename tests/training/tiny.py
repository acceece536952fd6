"""Small training runs that the tests share."""

from pathlib import Path
from typing import Any

import numpy as np

from linksim.training.config import TrainConfig

MODEL = {"channels": 8, "encoder_blocks": 1, "decoder_blocks": 1, "latent_dim": 4, "codebook_size": 16}


def config(folder: Path, **changes: Any) -> TrainConfig:
    """A run of 12 steps on the pictures in `folder`, with `changes`."""
    settings: dict[str, Any] = {
        "name": "tiny",
        "data": {"datasets": ["folder"], "path": str(folder), "crop": 32, "batch": 4, "validation": 2},
        "model": MODEL,
        "codebook": {"initialize_at": 4, "revive_every": 5},
        "steps": 12,
        "validate_every": 6,
        "checkpoint_every": 4,
    }
    return TrainConfig(**(settings | changes))


def inputs(image: np.ndarray, settings: TrainConfig, **changes: Any) -> dict[str, np.ndarray]:
    """A batch for a `VQVAE`: all stages, no errors, quantized."""
    model = settings.model
    grid = (len(image), image.shape[1] // model.downsampling, image.shape[2] // model.downsampling)
    plain = {
        "image": image,
        "stages": np.full(len(image), model.stages, np.int32),
        "flips": np.zeros((*grid, model.stages, model.heads), np.int32),
        "bit_error_rate": np.array([0.2], np.float32),
        "quantize": np.ones(1, np.float32),
        "damaged": np.zeros(1, np.float32),
        "deceive": np.ones(1, np.float32),
    }
    return plain | changes
