"""Fixtures that several areas share."""

import os
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from linksim.data.store import locate

# The first example of a test often pays for an import or a compilation.
hypothesis.settings.register_profile("linksim", deadline=None)
hypothesis.settings.load_profile("linksim")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder `LINKSIM_DATA`; tests that use it are skipped where it is absent."""
    name = os.environ.get("LINKSIM_DATA")
    if not name or not Path(name).is_dir():
        pytest.skip("needs the folder of weights and images that LINKSIM_DATA names")
    return Path(name)


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No LINKSIM_DATA and an empty cache, whose folder is returned."""
    monkeypatch.delenv("LINKSIM_DATA", raising=False)
    monkeypatch.setattr(locate, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def photograph() -> np.ndarray:
    """A colour photograph, uint8 [512, 512, 3]."""
    from skimage.data import astronaut

    return astronaut()
