"""The speed measurement of the link measures what it says and writes the documented JSON."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks import link


def test_json_has_ratios_by_decoder_and_snr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "link.json"
    options = ["--blocks", "16", "--repetitions", "1", "--snr-db", "16", "20", "--json", str(file)]
    monkeypatch.setattr(sys, "argv", ["link", *options])
    link.main()
    results = json.loads(file.read_text())
    assert set(results) == {"sionna", "layered"}
    for result in results.values():
        rows = result["by_snr_db"]
        assert set(rows) == {"16", "20"}
        for row in rows.values():
            assert row["ratio"] == pytest.approx(row["plain_s"] / row["s"])
            # Everything arrives at these SNRs, so all three decoders must find the same bits.
            assert row["plain_bler"] == row["bler"] == row["blocks_decided_differently"] == 0
            assert 1 <= row["mean_iterations"] < link.ITERATIONS
        seconds = [sum(row[key] for row in rows.values()) for key in ("plain_s", "s")]
        assert result["sweep_ratio"] == pytest.approx(seconds[0] / seconds[1])
