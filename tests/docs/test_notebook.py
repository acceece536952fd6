"""The notebook runs from its first cell to its last, with settings made small."""

from pathlib import Path

import pytest

from tests.docs.pages import DOCS

nbformat = pytest.importorskip("nbformat", reason="needs the extra docs")
nbclient = pytest.importorskip("nbclient", reason="needs the extra docs")

SMALL = """
codebook_size, channels, training_steps, snr_db, image_size = 20, 8, 3, [6, 20], 64
"""


def test_notebook_runs(tmp_path: Path) -> None:
    notebook = nbformat.read(DOCS / "notebooks" / "own-codebook.ipynb", 4)
    (parameters,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    parameters.source += SMALL
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert (tmp_path / "runs" / "own-20" / "own-20.npz").is_file()
    assert (tmp_path / "results" / "own-20" / "results.csv").is_file()
