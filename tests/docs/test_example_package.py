"""The example package, installed as a user would, adds its two schemes to linksim."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from .pages import ROOT

PACKAGE = ROOT / "examples" / "linksim-example-schemes"
SMALL = ["images.count=2", "images.size=128", "sweep.snr_db=[4, 14]", "metrics=[psnr]"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed package."""
    folder = tmp_path_factory.mktemp("installed")
    source = shutil.copytree(PACKAGE, tmp_path_factory.mktemp("source") / "package")  # pip builds beside the source
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    command = [*pip, "--no-build-isolation", "--target", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return folder


def linksim(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(installed)}
    command = [sys.executable, "-m", "linksim", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)


@pytest.fixture(scope="module")
def images(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Rows of a small run of the package's scenario."""
    out = tmp_path_factory.mktemp("run") / "out"
    options = [word for change in SMALL for word in ("--set", change)]
    done = linksim(installed, "run", str(PACKAGE / "scenario.yaml"), "--out", str(out), "--no-figures", *options)
    assert done.returncode == 0, done.stderr
    return pd.read_parquet(out / "images.parquet")


def test_all_schemes_run(images: pd.DataFrame) -> None:
    assert set(images["scheme"]) == {"WebP+LDPC", "JPEG+LDPC", "Palette", "Palette, doubting"}
    assert len(images) == 4 * 2 * 2


def test_webp_keeps_to_the_budget_and_knows_what_is_lost(images: pd.DataFrame) -> None:
    webp = images[images["scheme"] == "WebP+LDPC"].set_index(["snr_db", "image"])
    palette = images[images["scheme"] == "Palette"].set_index(["snr_db", "image"])
    assert (webp["status"] == "ok").all()
    assert (webp["channel_uses"] <= palette["channel_uses"]).all()
    assert webp.loc[4, "outage"].all()
    assert not webp.loc[14, "outage"].any()
    assert (webp.loc[14, "psnr_db"] > palette.loc[14, "psnr_db"]).all()
    assert all(0 <= json.loads(settings)["quality"] <= 100 for settings in webp["settings"])


def test_doubt_helps_where_bits_are_wrong_and_costs_nothing_where_they_are_right(images: pd.DataFrame) -> None:
    plain = images[images["scheme"] == "Palette"].set_index(["snr_db", "image"])["psnr_db"]
    doubting = images[images["scheme"] == "Palette, doubting"].set_index(["snr_db", "image"])["psnr_db"]
    assert doubting[14].equals(plain[14])
    assert (doubting[4] > plain[4]).all()


def test_its_keys_are_checked_like_our_own(installed: Path) -> None:
    scenario = str(PACKAGE / "scenario.yaml")
    done = linksim(installed, "run", scenario, "--set", "schemes.Palette.levles=3")
    assert done.returncode == 2
    assert "schemes.Palette.levles: unknown key; did you mean levels?" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_budget_that_is_too_small_is_infeasible(installed: Path, tmp_path: Path) -> None:
    changes = [
        "images.count=1",
        "images.size=64",
        "sweep.snr_db=[14]",
        "schemes.Palette.levels=2",
        "schemes.Palette.cell=32",
    ]
    options = [word for change in changes for word in ("--set", change)]
    out = tmp_path / "out"
    done = linksim(installed, "run", str(PACKAGE / "scenario.yaml"), "--out", str(out), "--no-figures", *options)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(out / "results.csv").set_index("scheme")
    assert table.loc["WebP+LDPC", "status"] == "infeasible"
    assert table.loc["Palette", "status"] == "ok"


def test_without_the_package_the_kind_is_unknown() -> None:
    command = [sys.executable, "-m", "linksim", "run", str(PACKAGE / "scenario.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "unknown kind 'webp'" in done.stderr
