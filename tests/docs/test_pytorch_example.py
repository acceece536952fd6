"""The PyTorch example: its stored pair runs beside BPG+LDPC without PyTorch; with it, pictures are PyTorch's own."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import onnx
import pandas as pd
import pytest

from tests.docs.pages import ROOT

FOLDER = ROOT / "examples" / "pytorch-export"
MODELS = [FOLDER / "encoder.onnx", FOLDER / "decoder.onnx"]


def test_the_stored_pair_is_small_and_says_nothing_of_where_it_was_made() -> None:
    assert sum(file.stat().st_size for file in MODELS) < 200_000
    for file in MODELS:
        model = onnx.load(str(file))
        assert not any(node.metadata_props or node.doc_string for node in model.graph.node)
        assert b"/home/" not in file.read_bytes()
        assert b"site-packages" not in file.read_bytes()


def test_the_pair_runs_beside_bpg_at_equal_channel_uses(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "linksim", "run", "examples/pytorch-export/scenario.yaml", "--out", str(tmp_path)]
    sets = ["images.count=2", "images.size=128", "sweep.snr_db=[0,10,20]", "metrics=[psnr]"]
    command += ["--no-figures", *(word for one in sets for word in ("--set", one))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    rows = pd.read_parquet(tmp_path / "images.parquet").set_index(["scheme", "image", "snr_db"])
    mine, bpg = rows.loc["Mine"], rows.loc["BPG+LDPC"]
    assert (mine["channel_uses"] == 128 * 128 * 3 / 16).all()
    assert (bpg["channel_uses"] <= mine["channel_uses"]).all()
    assert not mine["outage"].any()
    psnr = mine["psnr_db"].unstack()
    assert (psnr[0] + 1 < psnr[10]).all()  # it degrades with the SNR, and not all at once
    assert (psnr[10] + 0.2 < psnr[20]).all()
    assert (psnr[20] < psnr[0] + 8).all()
    assert psnr[20].mean() > 21


def test_the_pair_does_not_need_pytorch_and_the_scripts_are_the_only_ones_to_import_it() -> None:
    imported = {}
    for file in FOLDER.glob("*.py"):
        nodes = ast.walk(ast.parse(file.read_text()))
        names = [n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)]
        imported[file.name] = names
    assert set(imported) == {"model.py", "train.py", "export.py", "check.py"}
    assert not any(
        name.startswith("linksim") for file in ("model.py", "train.py", "export.py") for name in imported[file]
    )
    source = (ROOT / "pyproject.toml").read_text()
    assert '"torch' not in source


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
def test_pictures_are_those_of_pytorch(tmp_path: Path) -> None:
    """Train for two steps, export, compare."""
    from PIL import Image

    Image.effect_noise((80, 80), 60).convert("RGB").save(tmp_path / "picture.png")
    weights = str(tmp_path / "weights.pt")
    for words in (
        ["train.py", str(tmp_path), "--steps", "2", "--out", weights],
        ["export.py", "--weights", weights, "--out", str(tmp_path)],
        ["check.py", "--weights", weights, "--models", str(tmp_path)],
    ):
        command = [sys.executable, str(FOLDER / words[0]), *words[1:]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=ROOT)
        assert done.returncode == 0, done.stdout + done.stderr
