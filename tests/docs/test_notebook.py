"""The notebooks run from the first cell to the last, with settings made small; the first cell of the quickstart installs."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.docs.pages import DOCS

nbformat = pytest.importorskip("nbformat", reason="needs the extra docs")
nbclient = pytest.importorskip("nbclient", reason="needs the extra docs")

SMALL = {
    "own-codebook": "codebook_size, channels, training_steps, snr_db, image_size = 20, 8, 3, [6, 20], 64",
    "quickstart": "image_size, count, snr_db = 64, 2, [8, 16]",
}
LEAVES = {
    "own-codebook": ("runs/own-20/own-20.npz", "results/own-20/results.csv"),
    "quickstart": ("demo/train/vqvae.yaml", "results/quickstart/psnr.png", "results/qpsk/results.csv"),
}


def test_every_notebook_is_run() -> None:
    assert {file.stem for file in (DOCS / "notebooks").glob("*.ipynb")} == set(SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_the_notebook_runs(name: str, tmp_path: Path) -> None:
    notebook = nbformat.read(DOCS / "notebooks" / f"{name}.ipynb", 4)
    nbformat.validate(notebook)
    (parameters,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    parameters.source += f"\n{SMALL[name]}\n"
    nbclient.NotebookClient(
        notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    for file in LEAVES[name]:
        assert (tmp_path / file).is_file(), file


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs the quickstart's first cell where linksim is not installed, and gives what pip was asked for."""
    notebook = nbformat.read(DOCS / "notebooks" / "quickstart.ipynb", 4)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert "install" in first.metadata.tags
    calls: list[list[str]] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(subprocess, "run", lambda command, check: calls.append(command))

    def run(source: str = "") -> list[list[str]]:
        exec(first.source.replace('SOURCE = ""', f"SOURCE = {source!r}"), {})
        return calls

    return run


def in_colab(monkeypatch: pytest.MonkeyPatch, chosen: dict[str, bytes]) -> None:
    """As if `google.colab` were there and the user chose these files in its dialog."""
    package, colab, files = (ModuleType(name) for name in ("google", "google.colab", "google.colab.files"))
    files.upload = lambda: chosen  # type: ignore[attr-defined]
    colab.files, package.colab = files, colab  # type: ignore[attr-defined]
    for module in (package, colab, files):
        monkeypatch.setitem(sys.modules, module.__name__, module)


def test_in_colab_the_first_cell_asks_for_the_wheel(install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    in_colab(monkeypatch, {"linksim-0.1.0-py3-none-any.whl": b""})
    ((*_, wheel),) = install()
    assert wheel == "linksim-0.1.0-py3-none-any.whl"


def test_a_wheel_in_the_folder_or_a_named_source_is_taken(install: Any, tmp_path: Path) -> None:
    (tmp_path / "linksim-0.1.0-py3-none-any.whl").touch()
    assert install()[-1][-1] == "linksim-0.1.0-py3-none-any.whl"
    assert install("git+https://example.org/linksim")[-1][-1] == "git+https://example.org/linksim"


def test_without_a_wheel_the_first_cell_says_what_to_do(install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="put its wheel into this folder"):
        install()
    in_colab(monkeypatch, {})
    with pytest.raises(SystemExit, match="no wheel was given"):
        install()
