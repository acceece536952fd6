"""Python's way in does what the command line does."""

import subprocess
import sys

import pytest

import linksim
from linksim.common.errors import InputError

SCENARIO = {
    "name": "api",
    "images": {"dataset": "samples", "count": 2, "size": 32},
    "link": {
        "code": {"kind": "none"},
        "modulation": {"kind": "qam", "bits_per_symbol": 2},
        "channel": {"kind": "awgn"},
    },
    "sweep": {"snr_db": [-5, 25]},
    "metrics": ["psnr"],
    "schemes": [{"name": "JPEG", "kind": "jpeg", "quality": 30}],
}


def test_run_gives_tables(tmp_path):
    results = linksim.run(SCENARIO, tmp_path / "out", overrides=["sweep.repetitions=2"])
    assert results.table["snr_db"].tolist() == [-5, 25]
    assert results.table["outage_rate"].tolist() == [1, 0]
    assert len(results.images) == 2 * 2 * 2
    curve = results.curve("JPEG")
    assert curve["psnr_db"].is_monotonic_increasing
    assert (curve["low"] <= curve["psnr_db"]).all()
    assert linksim.load_results(tmp_path / "out").table.equals(results.table)


def test_errors_are_the_same_one_line(tmp_path):
    with pytest.raises(InputError, match=r"scenario: sweep.snr_bd: unknown key; did you mean snr_db"):
        linksim.run(SCENARIO, tmp_path, overrides=["sweep.snr_bd=3"])
    with pytest.raises(InputError, match=r"holds no results\.csv"):
        linksim.load_results(tmp_path)


def test_unknown_scheme_and_metric_name_what_there_is(tmp_path):
    results = linksim.run(SCENARIO | {"sweep": {"snr_db": [25]}}, tmp_path / "out")
    with pytest.raises(InputError, match="allowed: JPEG"):
        results.curve("BPG")
    with pytest.raises(InputError, match="allowed: psnr_db"):
        results.curve("JPEG", "psnr")


def test_import_is_instant():
    code = (
        "import sys, linksim; print(len([m for m in sys.modules if m.split('.')[0] in ('pydantic', 'numpy', 'yaml')]))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "0"
