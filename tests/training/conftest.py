"""A folder of small pictures to train on."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for i in range(6):
        coarse = rng.integers(0, 256, (6, 7, 3), np.uint8)
        Image.fromarray(coarse).resize((56, 48), Image.Resampling.BICUBIC).save(path / f"{i}.png")
    return path
