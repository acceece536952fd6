"""Stopping the decoder at convergence changes no result of a run."""

import pytest

import linksim

SCENARIO = {
    "name": "termination",
    "images": {"dataset": "samples", "count": 2, "size": 64},
    "metrics": ["psnr"],
    "schemes": [
        {"name": "Hard", "kind": "semantic", "checkpoint": "vqvae"},
        {"name": "Soft", "kind": "semantic", "checkpoint": "vqvae", "receiver": {"kind": "soft"}},
        {"name": "JPEG", "kind": "jpeg", "quality": 5},
    ],
}


# Short blocks come to rest on wrong codewords now and then, and at high rates leave bits undecided.
@pytest.mark.parametrize(
    ("code", "snr_db"),
    [
        ({"decoder": "sionna"}, [8, 12, 13, 16]),
        ({"decoder": "layered"}, [8, 12, 13, 16]),
        ({"decoder": "sionna", "block_bits": 64, "rate": 0.9}, [16, 18, 40]),
        ({"decoder": "layered", "block_bits": 128, "rate": 0.5}, [11, 12]),
    ],
)
def test_the_files_are_the_same_with_and_without(tmp_path, code, snr_db):
    for early in (True, False):
        link = {"code": {"kind": "ldpc5g", "early_termination": early, **code}}
        linksim.run(SCENARIO | {"link": link, "sweep": {"snr_db": snr_db}}, tmp_path / str(early))
    for file in ("results.csv", "images.parquet"):
        assert (tmp_path / "True" / file).read_bytes() == (tmp_path / "False" / file).read_bytes()
