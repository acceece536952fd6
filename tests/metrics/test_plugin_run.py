"""A metric of another package from the scenario to table, figure and report, as its user sees it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

MODULE = """
import numpy as np

label = "Mean absolute error"
unit = "levels"
decimals = 1
higher_is_better = False

def compute(originals, pictures):
    return np.abs(originals.astype(float) - pictures).mean(axis=(1, 2, 3))
"""

SCENARIO = """
name: plugin
images: {dataset: samples, count: 3, size: 48}
link:
  code: {kind: none, block_bits: 256}
  modulation: {kind: qam, bits_per_symbol: 2}
  channel: {kind: awgn}
sweep: {snr_db: [0, 20]}
metrics: [psnr, mae]
schemes:
  - {name: Coarse, kind: jpeg, quality: 5}
  - {name: Fine, kind: jpeg, quality: 50}
"""


@pytest.fixture(scope="module")
def linksim(tmp_path_factory):
    """linksim's command line with a package in which `mae.py` is a metric."""
    site = tmp_path_factory.mktemp("site")
    (site / "mae.py").write_text(MODULE)
    info = site / "mae_metric-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mae-metric\nVersion: 1.5\n")
    (info / "entry_points.txt").write_text("[linksim.metrics]\nmae = mae\n")
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])

    def run(*arguments):
        command = [sys.executable, "-m", "linksim", *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=300, env=os.environ | {"PYTHONPATH": path}
        )

    return run


@pytest.fixture(scope="module")
def ran(linksim, tmp_path_factory) -> tuple[Path, str]:
    """Results folder and output of a run."""
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "plugin.yaml").write_text(SCENARIO)
    done = linksim("run", folder / "plugin.yaml", "--out", folder / "out")
    assert done.returncode == 0, done.stderr
    return folder / "out", done.stdout


def test_its_values_are_in_the_tables(ran) -> None:
    out, said = ran
    images = pd.read_parquet(out / "images.parquet")
    table = pd.read_csv(out / "results.csv").set_index(["scheme", "snr_db"])
    for point, rows in images.groupby(["scheme", "snr_db"]):
        assert table.loc[point, "mae"] == pytest.approx(rows["mae"].mean(), rel=1e-5)
        assert table.loc[point, "mae_low"] < table.loc[point, "mae"] < table.loc[point, "mae_high"]
    assert 0 < table.loc[("Fine", 20), "mae"] < table.loc[("Coarse", 20), "mae"] < table.loc[("Coarse", 0), "mae"]
    heading, _, first, *_ = said.splitlines()
    assert heading.split()[:4] == ["scheme", "snr_db", "psnr_db", "mae"]
    assert f"{table.loc[('Coarse', 0), 'mae']:.1f} ±" in first
    info = json.loads((out / "run.json").read_text())
    assert info["metrics"]["mae"]["package"] == "mae-metric 1.5"
    assert len(info["metrics"]["mae"]["code_sha256"]) == 64


def test_it_is_drawn(ran, linksim) -> None:
    out, _ = ran
    assert (out / "mae.png").stat().st_size > 5000
    done = linksim("plot", out, "--metric", "mae", "--relative-to", "Coarse", "--format", "svg")
    assert done.returncode == 0, done.stderr
    assert "Fine: mean gain +" in done.stdout
    assert "Mean absolute error reduction (levels)" in (out / "mae-gain.svg").read_text()
    done = linksim("plot", out, "--metric", "mea")
    assert done.returncode == 2
    assert "did you mean mae?" in done.stderr


def test_it_is_in_the_report(ran, linksim) -> None:
    out, _ = ran
    done = linksim("report", out)
    assert done.returncode == 0, done.stderr
    page = (out / "report.html").read_text()
    assert "Mean absolute error in levels (lower is better)" in page
    assert "<figcaption>Mean absolute error</figcaption>" in page


def test_a_scheme_may_adapt_to_it_and_a_typing_error_is_said(ran, linksim) -> None:
    out, _ = ran
    scenario = out.parent / "plugin.yaml"
    adaptive = (
        "schemes=[{name: A, kind: jpeg, quality: 50}, {name: B, kind: jpeg, rate_match: A, mcs: {kind: adaptive, metric: "
        "%s, validation: {dataset: samples, count: 1, size: 48}}}]"
    )
    # An uncoded link has one code rate, so that the grid is made of constellations alone.
    grid = "schemes.B.mcs.grid=[{rate: 0.5, bits_per_symbol: 2}, {rate: 0.5, bits_per_symbol: 4}]"
    coded = "link.code={kind: ldpc5g, rate: 0.5, block_bits: 256}"
    options = ("--no-figures", "--set", coded, "--set", adaptive % "mae", "--set", grid)
    done = linksim("run", scenario, "--out", out.parent / "adaptive", *options)
    assert done.returncode == 0, done.stderr
    wrong = linksim("run", scenario, "--out", out.parent / "wrong", "--set", adaptive % "maee")
    assert wrong.returncode == 2
    assert "'maee' is not allowed; did you mean mae?" in wrong.stderr
    assert len(wrong.stderr.strip().splitlines()) == 1
