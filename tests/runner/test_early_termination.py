"""Stopping the decoder at convergence changes no result of a run."""

import pytest

import linksim

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


@pytest.mark.parametrize("decoder", ["sionna", "layered"])
def test_the_files_are_the_same_with_and_without(tmp_path, decoder):
    for early in (True, False):
        code = {"kind": "ldpc5g", "decoder": decoder, "early_termination": early}
        linksim.run(SCENARIO | {"link": {"code": code}}, tmp_path / str(early))
    for file in ("results.csv", "images.parquet"):
        assert (tmp_path / "True" / file).read_bytes() == (tmp_path / "False" / file).read_bytes()
