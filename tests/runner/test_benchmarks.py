"""Benchmarks of clusters and checkouts measure what they say."""

import sys

import pytest

from benchmarks import checkouts


def test_cluster_takes_all_points_of_a_real_plan(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    from benchmarks import cluster

    load = cluster.Load(2, 16, 1.6)
    found = cluster.measure(4, load)
    assert 2 < found.jobs <= 32  # batches were cut
    # 3.2 s of sleep take four workers 0.8 s at least.
    assert 0 < found.busy <= 1
    assert found.per_second <= 32 / 0.8
    monkeypatch.setattr(
        cluster, "measure", lambda workers, load: cluster.Measured(0.5, workers, load.points, load.batches)
    )
    monkeypatch.setattr(sys, "argv", ["cluster", "--workers", "3", "--jobs", "5", "--points", "7", "--seconds", "2"])
    cluster.main()
    lines = capsys.readouterr().out.splitlines()[-3:]
    assert lines[1] == (
        "5 batches of 7 points and 2 s in 5 jobs: 3 workers busy 50.0 % of the time, 3 points a second stored, 7 per CPU second"
    )


def test_checkouts_that_lose_more_or_measure_otherwise_are_named() -> None:
    link = [{"ms": 1.0, "bler": bler, "digest": ""} for bler in (0.5, 0.54, 0.1, 0.56)]
    assert checkouts.faults("link, 4 dB", link) == ["link, 4 dB: checkout 4 loses 0.560 of the blocks, the first 0.500"]
    lpips = [{"ms": 1.0, "sum": value} for value in (13.5, 13.50005, 13.4998)]
    assert checkouts.faults("LPIPS", lpips) == ["LPIPS: the sum of checkout 3 is 13.499800, the first's 13.500000"]
