"""Runs with retransmissions: the same bytes with workers and after a kill; transmissions in tables and figures."""

import json
import signal
import subprocess

import numpy as np
import pytest
from small_runs import assert_same_tables, command, run, wait_for_points

from linksim.api import load_results

SCENARIO = {
    "name": "harq",
    "images": {"dataset": "samples", "count": 3, "size": 64},
    "link": {
        "code": {"kind": "ldpc5g", "rate": 0.75, "block_bits": 264, "decoder": "layered"},
        "modulation": {"bits_per_symbol": 4},
        "harq": {"kind": "incremental", "max_transmissions": 4},
    },
    "sweep": {"snr_db": [6, 9, 12, 15], "batch": 2, "repetitions": 2},
    "metrics": ["psnr"],
    "schemes": [
        {"name": "Codebook", "kind": "semantic", "checkpoint": "vqvae", "rho": 0.12},
        {"name": "Matched", "kind": "jpeg", "rate_match": "Codebook", "reserve": 0.4},
        {"name": "Once", "kind": "jpeg", "quality": 5, "harq": {"kind": "none"}},
        {"name": "Free", "kind": "jpeg", "quality": 5},
    ],
}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("harq") / "harq.yaml"
    path.write_text(json.dumps(SCENARIO))
    return path


@pytest.fixture(scope="module")
def reference(file, tmp_path_factory):
    out = tmp_path_factory.mktemp("reference")
    done = run(file, out)
    assert done.returncode == 0, done.stderr
    return out


def test_killed_and_resumed_with_two_workers_it_is_the_same(file, reference, tmp_path):
    out = tmp_path / "out"
    process = subprocess.Popen(command(file, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_points(out, process, 5)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert run(file, out, "--workers", "2").returncode == 0
    assert_same_tables(out, reference)


def test_what_was_sent_is_in_the_tables(reference):
    results = load_results(reference)
    table = results.table.set_index(["scheme", "snr_db"])
    assert (table.loc["Once", "transmissions"] == 1).all()
    assert (table.loc["Once", "transmissions_p95"] == 1).all()
    free = table.loc["Free"]
    assert (free["transmissions"].diff().dropna() <= 0).all()
    assert free["transmissions"].iloc[0] > 1.5
    assert (free["transmissions_p95"].diff().dropna() <= 0).all()
    assert free["transmissions_p95"].iloc[0] in (3, 4)
    assert (free["channel_uses"] / table.loc["Once", "channel_uses"]).to_numpy() == pytest.approx(
        free["transmissions"].to_numpy(), rel=0.1
    )
    more = 10 * np.log10(free["transmissions"])
    assert (free["ebn0_db"] - table.loc["Once", "ebn0_db"]).to_numpy() == pytest.approx(more.to_numpy(), abs=0.5)
    for name in ("Codebook", "Matched"):
        assert (table.loc[name, "rho"] <= 0.12).all()
    assert table.loc[("Free", 6.0), "bler"] < table.loc[("Once", 6.0), "bler"]


def test_transmissions_are_drawn(reference):
    from linksim.reports.plots.curves import plot_run

    (figure,) = plot_run(reference, "transmissions", formats=("png",))
    assert figure.stat().st_size > 10_000
