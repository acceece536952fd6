"""The example package, installed as a user would, adds its two schemes to linksim; its channel is in `test_example_channel.py`."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.docs.example_package import PACKAGE, install, linksim

# The palette of 8 colours for 32 x 32 pixels takes one block, into which no progressive JPEG file fits.
TINY = [
    {"name": "Tiny", "kind": "palette", "levels": 2, "cell": 32},
    {"name": "Progressive, tiny", "kind": "progressive-jpeg", "rate_match": "Tiny"},
]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed package."""
    return install(tmp_path_factory.mktemp("installed"), tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def images(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Rows of a small run of the package's scenario."""
    folder = tmp_path_factory.mktemp("run")
    scenario = yaml.safe_load((PACKAGE / "scenario.yaml").read_text())
    scenario["images"] = {"dataset": "samples", "count": 2, "size": 128}
    scenario |= {"sweep": {"snr_db": [4, 14]}, "metrics": ["psnr", "mae"], "schemes": [*scenario["schemes"], *TINY]}
    (folder / "small.yaml").write_text(yaml.safe_dump(scenario))
    out = folder / "out"
    done = linksim(installed, "run", str(folder / "small.yaml"), "--out", str(out), "--no-figures")
    assert done.returncode == 0, done.stderr
    return pd.read_parquet(out / "images.parquet")


def test_all_schemes_run(images: pd.DataFrame) -> None:
    names = {"Progressive+LDPC", "JPEG+LDPC", "Palette", "Palette, doubting", "Tiny", "Progressive, tiny"}
    assert set(images["scheme"]) == names
    assert len(images) == len(names) * 2 * 2


def test_its_metric_is_measured(images: pd.DataFrame) -> None:
    sent = images[images["status"] == "ok"]
    assert len(sent) > 0
    # The mean absolute error is at most the root of the mean squared one.
    assert (sent["mae"] > 0).all()
    assert (sent["mae"] <= 255 * 10 ** (-sent["psnr_db"] / 20) + 1e-9).all()


def test_a_codec_keeps_to_the_budget_and_knows_what_is_lost(images: pd.DataFrame) -> None:
    files = images[images["scheme"] == "Progressive+LDPC"].set_index(["snr_db", "image"])
    palette = images[images["scheme"] == "Palette"].set_index(["snr_db", "image"])
    assert (files["status"] == "ok").all()
    assert (files["channel_uses"] <= palette["channel_uses"]).all()
    assert files.loc[4, "outage"].all()
    assert not files.loc[14, "outage"].any()
    assert (files.loc[14, "psnr_db"] > palette.loc[14, "psnr_db"]).all()
    assert all(1 <= json.loads(settings)["quality"] <= 95 for settings in files["settings"])


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


def test_a_budget_that_is_too_small_is_infeasible(images: pd.DataFrame) -> None:
    assert (images[images["scheme"] == "Tiny"]["status"] == "ok").all()
    tiny = images[images["scheme"] == "Progressive, tiny"]
    assert (tiny["status"] == "infeasible").all()
    assert tiny["reason"].str.startswith("no progressive-jpeg file fits").all()


def test_without_the_package_the_kind_is_unknown() -> None:
    command = [sys.executable, "-m", "linksim", "run", str(PACKAGE / "scenario.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "unknown kind 'progressive-jpeg'" in done.stderr
