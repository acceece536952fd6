"""A small scenario run as users run it: by the command line, in processes of its own."""

import subprocess
import sys
import time

from linksim.results.storage.store import scan

TEXT = """
name: small
images: {dataset: samples, count: 3, size: 48}
link:
  code: {kind: none, block_bits: 256}
  modulation: {kind: qam, bits_per_symbol: 2}
  channel: {kind: rayleigh, coherence: block}
sweep: {snr_db: {start: 0, stop: 30, step: 2}, batch: 2}
metrics: [psnr]
schemes:
  - {name: Coarse, kind: jpeg, quality: 5}
  - {name: Fine, kind: jpeg, quality: 50}
"""
POINTS = 2 * 16 * 2
TABLES = ("results.csv", "images.parquet")


def command(file, out, *options):
    return [sys.executable, "-m", "linksim", "run", str(file), "--out", str(out), "--no-figures", *options]


def run(file, out, *options, **more):
    return subprocess.run(command(file, out, *options), capture_output=True, text=True, timeout=300, **more)


def assert_same_tables(out, reference):
    for name in TABLES:
        assert (out / name).read_bytes() == (reference / name).read_bytes(), name


def points_in(out):
    return sum(1 for _ in scan(out / "points.jsonl"))


def wait_for_points(out, process, count):
    """Until `count` points are stored or the process has ended."""
    path = out / "points.jsonl"
    while process.poll() is None and not (path.exists() and path.read_bytes().count(b"\n") >= count):
        time.sleep(0.01)
