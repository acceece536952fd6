"""A soft receiver's matrix products are summed otherwise with other numbers of threads; no result may show it."""

import json

from small_runs import assert_same_tables, run

SCENARIO = {
    "name": "threads",
    "images": {"dataset": "samples", "count": 4, "size": 256},
    "sweep": {"snr_db": [6, 10], "batch": 2},
    "metrics": ["psnr", "ms_ssim"],
    "schemes": [
        {"name": "Soft", "kind": "semantic", "checkpoint": "proposed", "receiver": {"kind": "soft"}},
        {"name": "Robust", "kind": "semantic", "checkpoint": "vqvae", "damaged_checkpoint": "vqvae-robust"},
    ],
}


def test_one_and_two_workers_give_the_same_bytes(tmp_path):
    file = tmp_path / "threads.yaml"
    file.write_text(json.dumps(SCENARIO))
    outs = [tmp_path / str(workers) for workers in (1, 2)]
    for workers, out in enumerate(outs, 1):
        assert run(file, out, "--workers", str(workers)).returncode == 0
    assert_same_tables(*outs)
