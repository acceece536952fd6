"""An untrained checkpoint of several stages and heads."""

from typing import Any

import numpy as np
import pytest

from linksim.codebook.stages import Stages
from linksim.semantic.autoencoder import build_decoder, build_encoder, get_weights
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.model import ModelConfig
from linksim.training.config import TrainConfig

SIZES: dict[str, Any] = {
    "downsampling": 8,
    "channels": [16, 12, 8],
    "encoder_blocks": [1, 1, 0],
    "decoder_blocks": [2, 0, 1],
    "latent_dim": 6,
    "codebook_size": 10,
    "stages": 3,
    "heads": 2,
}


@pytest.fixture(scope="session")
def several() -> Checkpoint:
    config = TrainConfig(name="several", model=SIZES, data={"crop": 64})
    model: ModelConfig = config.model
    rng = np.random.default_rng(0)
    usage = rng.random((3, 2, 10)).astype(np.float32)
    return Checkpoint(
        model=model,
        stages=Stages(rng.normal(size=(3, 2, 10, 3)).astype(np.float32), usage / usage.sum(-1, keepdims=True)),
        encoder=get_weights(build_encoder(model)),
        decoder=get_weights(build_decoder(model, with_variance=True)),
        norm_mean=rng.normal(size=6).astype(np.float32),
        norm_variance=np.float32(1.5),
        decoder_takes_variance=True,
        card={
            "name": "several",
            "description": "untrained",
            "training": config.model_dump(mode="json"),
            "training_images": 1,
            "validation": {"psnr_db": 10.0},
        },
    )
