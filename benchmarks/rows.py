"""A run of many rows: `python -m benchmarks.rows [--rows N] [--batch N] [--folder DIR]`.

Rows that are made up take the place of simulated ones; plan, store, parts, tables and the resuming are the real ones. Each stage is a process of
its own, whose seconds and largest memory are printed: storing all points with the tables that follow; the tables alone, made of the parts; the
tables alone, made of the journal after its parts were deleted; and a run that finds nothing left to do.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from linksim.runner.examples import N_EXAMPLES

SCHEMES, SNRS, IMAGES = 10, 22, 100


def scenario(rows: int, batch: int, images: Path) -> dict[str, Any]:
    repetitions = max(1, rows // (SCHEMES * SNRS * IMAGES))
    return {
        "name": "rows",
        "images": {"dataset": "folder", "path": str(images)},
        "sweep": {"snr_db": list(range(SNRS)), "repetitions": repetitions, "batch": batch},
        "metrics": ["psnr"],
        "schemes": [{"name": f"JPEG {i}", "kind": "jpeg", "quality": 5 + i} for i in range(SCHEMES)],
    }


class MadeUp:
    """A simulator whose rows are drawn from a few."""

    def __init__(self, *_: Any) -> None:
        from linksim.results.row import empty_row

        rng = np.random.default_rng(1)
        self._row = empty_row("", 0.0, 0, "", (64, 64)) | {
            "status": "ok", "source_bits": 4000, "filler_bits": 40, "crc_bits": 72, "information_bits": 4112, "coded_bits": 8224,
            "channel_uses": 1371, "n_blocks": 3, "rho": 0.11157, "bpp": 0.9765625, "ebn0_db": 3.25, "settings": '{"quality": 5}',
        }  # fmt: skip
        self._psnr, self._errors = (20 + 10 * rng.random(4096)).tolist(), rng.integers(0, 300, 4096).tolist()
        self._count = 0
        self._picture = np.full((64, 64, 3), 128, np.uint8)

    def run(self, job: Any) -> Iterator[dict[str, Any]]:
        ids = [image for image, _ in job.batch.images]
        for point in job.points:
            values = []
            for image in ids:
                self._count += 1
                own = {"scheme": point.scheme, "snr_db": point.snr_db, "repetition": point.repetition, "image": image}
                drawn = self._count % 4096
                own |= {
                    "psnr_db": self._psnr[drawn],
                    "bit_errors": self._errors[drawn],
                    "block_errors": drawn % 4,
                    "iterations": 12.5,
                }
                values.append(list((self._row | own).values()))
            shown = range(N_EXAMPLES) if point.repetition == 0 else ()
            pictures = [
                (ids[i], self._picture, self._picture, 20.0, False)
                for i, index in enumerate(job.batch.indices)
                if index in shown
            ]
            yield {
                "point": point.id, "scheme": point.scheme, "snr_db": point.snr_db, "repetition": point.repetition,
                "rows": {"columns": list(self._row), "values": values}, "skipped": {}, "pictures": pictures, "saved": [], "seconds": {"link": 0.01, "receive": 0.02},
            }  # fmt: skip


def stage(rows: int, batch: int, folder: Path) -> None:
    """Run the scenario in `folder`, in this process."""
    from linksim.common.reading.loading import validate
    from linksim.runner import run_scenario, session
    from linksim.scenario import Scenario

    session.start_simulator = MadeUp  # type: ignore[assignment]
    session._TABLES_EVERY_SECONDS = 1e9
    description = scenario(rows, batch, folder / "images")
    start = time.perf_counter()
    run_scenario(validate(description, Scenario, "benchmark"), folder / "out", figures=False)
    wall = time.perf_counter() - start
    usage = resource.getrusage(resource.RUSAGE_SELF)
    points = rows // batch
    print(
        f"{wall:.1f} s wall, {usage.ru_utime + usage.ru_stime:.1f} s CPU, at most {usage.ru_maxrss / 2**20:.2f} GB, "
        f"{points / wall:,.0f} points a second",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--batch", type=int, default=20, help="images, and so rows, of a point")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder if not given")
    parser.add_argument("--stage", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stage:
        stage(arguments.rows, arguments.batch, arguments.folder)
        return
    from PIL import Image

    folder = arguments.folder or Path(tempfile.mkdtemp())
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for i in range(IMAGES):
        Image.new("RGB", (64, 64), (i, 2 * i, 255 - i)).save(folder / "images" / f"picture-{i:04}.png")
    again = [sys.executable, "-m", "benchmarks.rows", "--stage", "--folder", str(folder)]
    again += ["--rows", str(arguments.rows), "--batch", str(arguments.batch)]
    for name, lost in (
        ("all points stored, tables", []),
        ("tables of the parts", ["out/results.csv", "out/images.parquet"]),
        ("tables of the journal", ["out/results.csv", "out/images.parquet", "out/points.columns"]),
        ("nothing left to do", []),
    ):
        for path in lost:
            shutil.rmtree(folder / path) if (folder / path).is_dir() else (folder / path).unlink(missing_ok=True)
        print(f"{name}: ", end="", flush=True)
        subprocess.run(again, check=True)
    if arguments.folder is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
