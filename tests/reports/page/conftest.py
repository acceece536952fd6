"""Invented runs that the tests of the report share."""

from pathlib import Path

import pytest

from tests.reports.page.synthetic import write_run


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory) -> Path:
    return write_run(tmp_path_factory.mktemp("report") / "run", bound=True)


@pytest.fixture(scope="session")
def bare_folder(tmp_path_factory) -> Path:
    """No examples, no images.parquet, no run.json, no scenario: results.csv alone."""
    folder = write_run(tmp_path_factory.mktemp("report") / "bare", examples=0)
    for name in ("images.parquet", "run.json", "scenario.yaml"):
        (folder / name).unlink()
    return folder
