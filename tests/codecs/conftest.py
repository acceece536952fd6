"""Pictures for the codec tests."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def vectors() -> Path:
    """Folder of the files made by the reference encoder."""
    if "LINKSIM_DATA" not in os.environ:
        pytest.skip("LINKSIM_DATA is not set: no files of the reference encoder")
    return Path(os.environ["LINKSIM_DATA"], "bpg")
