"""OFDM runs: Sionna's channel models draw what the keys say, so that workers, kills and resuming change no byte."""

import json
import signal
import subprocess

from small_runs import assert_same_tables, command, points_in, run, wait_for_points

SCENARIO = {
    "name": "ofdm-small",
    "images": {"dataset": "samples", "count": 3, "size": 64},
    "link": {
        "code": {"kind": "none", "block_bits": 1000},
        "modulation": {"bits_per_symbol": 4},
        "waveform": {"kind": "ofdm", "subcarriers": 24, "cyclic_prefix": 4},
        "channel": {"kind": "tdl", "model": "A", "delay_spread_ns": 30, "speed_m_s": 33.3},
        "antennas": {"receive": 2},
        "csi": {"kind": "ls"},
    },
    "sweep": {"snr_db": [4, 8, 12, 16], "batch": 2},
    "metrics": ["psnr"],
    "schemes": [
        # Its pictures show the last bit of an LLR.
        {"name": "Soft", "kind": "semantic", "checkpoint": "proposed", "receiver": {"kind": "soft"}},
        {"name": "JPEG", "kind": "jpeg", "quality": 5},
    ],
}
POINTS = 2 * 4 * 2


def test_workers_a_kill_and_resuming_change_no_byte(tmp_path):
    file = tmp_path / "ofdm.yaml"
    file.write_text(json.dumps(SCENARIO))
    reference, out = tmp_path / "reference", tmp_path / "out"
    done = run(file, reference)
    assert done.returncode == 0, done.stderr
    process = subprocess.Popen(
        command(file, out, "--workers", "2"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_for_points(out, process, 3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert points_in(out) >= 3
    done = run(file, out)
    assert done.returncode == 0, done.stderr
    assert points_in(out) == POINTS
    assert_same_tables(out, reference)
