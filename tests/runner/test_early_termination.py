"""Stopping the decoder at convergence changes no result of a run but the count of iterations."""

import pandas as pd

import linksim
from linksim.link.ldpc import LdpcCode

SCENARIO = {
    "name": "termination",
    "images": {"dataset": "samples", "count": 2, "size": 64},
    "sweep": {"snr_db": [8, 12, 13, 16]},
    "metrics": ["psnr"],
    "schemes": [
        {"name": "Hard", "kind": "semantic", "checkpoint": "vqvae"},
        {"name": "Soft", "kind": "semantic", "checkpoint": "vqvae", "receiver": {"kind": "soft"}},
        {"name": "JPEG", "kind": "jpeg", "quality": 5},
    ],
}


def test_results_are_the_same_with_and_without(tmp_path, monkeypatch):
    linksim.run(SCENARIO, tmp_path / "with")
    decode = LdpcCode.decode
    monkeypatch.setattr(LdpcCode, "decode", lambda *args, **more: decode(*args, **{**more, "early_termination": False}))
    linksim.run(SCENARIO, tmp_path / "without")
    early, late = (pd.read_parquet(tmp_path / name / "images.parquet") for name in ("with", "without"))
    assert (early["iterations"] < late["iterations"]).any()
    pd.testing.assert_frame_equal(early.drop(columns="iterations"), late.drop(columns="iterations"))
