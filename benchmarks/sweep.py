"""Where a sweep's time goes, and how it grows: `python -m benchmarks.sweep [--json FILE] [--images N] [--decoder NAME]`.

A base sweep (sample photographs at 256 x 256; JPEG, BPG and VQ-VAE with equal bandwidth; three SNRs; PSNR and MS-SSIM) and variants of
it run in fresh folders, the first two with no encodes in the cache. Printed are seconds per image by scheme and stage of the base, and
seconds by stage and in all of each variant. "Nothing left to do" is the base again, with all its points stored.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import linksim
from linksim.results.storage.store import FILE_NAME, scan

STAGES = ("load", "encode", "link", "receive", "metrics")
SNRS_DB = [8, 12, 16]
SEMANTIC = {"name": "VQ-VAE", "kind": "semantic", "checkpoint": "vqvae"}
BASE_SCHEMES = [
    {"name": "JPEG+LDPC", "kind": "jpeg", "rate_match": "VQ-VAE"},
    {"name": "BPG+LDPC", "kind": "bpg", "rate_match": "VQ-VAE"},
    SEMANTIC,
]


def scenario(images: int, decoder: str, snrs_db: list[float], schemes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": "benchmark",
        "images": {"dataset": "samples", "size": 256, "count": images},
        "link": {"code": {"kind": "ldpc5g", "decoder": decoder}},
        "sweep": {"snr_db": snrs_db, "batch": 2},
        "metrics": ["psnr", "ms_ssim"],
        "schemes": schemes,
    }


def run(description: dict[str, Any], folder: Path, workers: int = 1) -> dict[str, Any]:
    """Wall seconds of a run, and seconds by stage: in all and by scheme."""
    start = time.perf_counter()
    linksim.run(description, folder, workers=workers)
    wall = time.perf_counter() - start
    by_scheme: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(STAGES, 0.0))
    for _, _, record in scan(folder / FILE_NAME):
        for stage, seconds in record["seconds"].items():
            by_scheme[record["scheme"]][stage] += seconds
    iterations = json.loads((folder / "run.json").read_text())["ldpc_iterations_by_snr_db"]
    stages = {stage: sum(seconds[stage] for seconds in by_scheme.values()) for stage in STAGES}
    return {"wall_s": wall, "stages_s": stages, "schemes_s": by_scheme, "iterations": iterations}


def measure(images: int, decoder: str) -> dict[str, Any]:
    """Runs by name."""
    six = [{**SEMANTIC, "name": f"VQ-VAE {i}"} for i in range(6)]
    twice = sorted({*SNRS_DB, *(snr + 1 for snr in SNRS_DB)})
    results = {}
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["LINKSIM_CACHE"] = str(Path(temporary) / "cache")
        for name, count, snrs_db, schemes, workers in (
            ("warm-up", 1, SNRS_DB[:1], BASE_SCHEMES, 1),
            ("base", images, SNRS_DB, BASE_SCHEMES, 1),
            ("base, encodes cached", images, SNRS_DB, BASE_SCHEMES, 1),
            ("half the images", max(1, images // 2), SNRS_DB, BASE_SCHEMES, 1),
            ("twice the SNRs", images, twice, BASE_SCHEMES, 1),
            ("one scheme", images, SNRS_DB, six[:1], 1),
            ("six schemes of equal budget", images, SNRS_DB, six, 1),
            ("two workers", images, SNRS_DB, BASE_SCHEMES, 2),
        ):
            folder = Path(temporary) / name
            results[name] = run(scenario(count, decoder, snrs_db, schemes), folder, workers)
        base = Path(temporary) / "base"
        results["nothing left to do"] = run(scenario(images, decoder, SNRS_DB, BASE_SCHEMES), base)
    return results


def print_tables(results: dict[str, Any], images: int) -> None:
    print(f"\nSeconds per image, all {len(SNRS_DB)} SNRs:\n")
    print(f"| scheme | {' | '.join(STAGES)} |\n{'| --- ' * (len(STAGES) + 1)}|")
    for scheme, stages in results["base"]["schemes_s"].items():
        print(f"| {scheme} | {' | '.join(f'{seconds / images:.3f}' for seconds in stages.values())} |")
    print(
        f"\nSeconds of the run, and mean decoder iterations by SNR:\n\n| run | {' | '.join(STAGES)} | wall | iterations |"
    )
    print(f"{'| --- ' * (len(STAGES) + 3)}|")
    for name, result in results.items():
        cells = [f"{seconds:.2f}" for seconds in result["stages_s"].values()]
        iterations = ", ".join(f"{snr} dB: {mean:.1f}" for snr, mean in result["iterations"].items())
        print(f"| {name} | {' | '.join(cells)} | {result['wall_s']:.1f} | {iterations} |")
    link = [results[name]["stages_s"]["link"] for name in ("six schemes of equal budget", "one scheme")]
    print(f"\nLink time of six schemes of equal budget over that of one: {link[0] / link[1]:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--images", type=int, default=4, help="at most five")
    parser.add_argument("--decoder", choices=["sionna", "layered"], default="sionna")
    arguments = parser.parse_args()
    results = measure(arguments.images, arguments.decoder)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{platform.machine()}, {os.cpu_count()} cores{load}; {arguments.images} images, decoder {arguments.decoder}")
    print_tables(results, arguments.images)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
