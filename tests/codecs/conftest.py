"""Pictures for the codec tests."""

import os
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def photograph() -> np.ndarray:
    """A colour photograph, uint8 [512, 512, 3]."""
    from skimage.data import astronaut

    return astronaut()


@pytest.fixture(scope="session")
def vectors() -> Path:
    """Folder of the files made by the reference encoder."""
    if "LINKSIM_DATA" not in os.environ:
        pytest.skip("LINKSIM_DATA is not set: no files of the reference encoder")
    return Path(os.environ["LINKSIM_DATA"], "bpg")
