"""Invented results in the real file formats, for tests of the report only: no simulation is behind these numbers."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd

from linksim.common.reading.yaml_files import dump_yaml
from linksim.common.seeds import generator
from linksim.results.examples import save_example
from linksim.results.files import results_csv
from linksim.results.row import empty_row
from linksim.results.tables import summarize

SCHEMES = {  # name: PSNR without errors, SNR of the cliff in dB, slope of the fall (semantic schemes fall gently)
    "JPEG+LDPC": (24.8, 12.5, 0.6),
    "BPG+LDPC": (28.6, 12.5, 0.6),
    "VQ-VAE": (26.4, 7.0, 3.0),
    "Proposed": (27.1, 5.0, 3.5),
}
SNRS = tuple(float(snr) for snr in range(0, 21, 2))
METRICS = ("psnr", "ms_ssim", "lpips")


def write_run(
    folder: Path, name: str = "synthetic", images: int = 12, bound: bool = False, examples: int = 2, side: int = 96
) -> Path:
    """A finished run of four schemes; `bound` adds a fifth whose link is an ideal code."""
    folder.mkdir(parents=True, exist_ok=True)
    schemes = {**SCHEMES, "BPG, capacity": (29.0, -5.0, 0.6)} if bound else SCHEMES
    groups = [[_row(s, *schemes[s], snr, i) for i in range(images)] for s in schemes for snr in SNRS]
    (folder / "results.csv").write_text(results_csv([summarize(rows, METRICS) for rows in groups], METRICS))
    pd.DataFrame([row for rows in groups for row in rows]).to_parquet(folder / "images.parquet")
    configs = [
        {
            "name": s,
            "kind": "bpg",
            "rate_match": "Proposed",
            **({"mcs": {"kind": "capacity"}} if "capacity" in s else {}),
        }
        for s in schemes
    ]
    scenario = {"name": name, "description": "Invented numbers.", "seed": 1, "schemes": configs}
    (folder / "scenario.yaml").write_text(dump_yaml(scenario))
    info = {
        "name": name, "seed": 1, "finished": True, "points": 44,
        "versions": {"linksim": "0.1.0", "sionna-no-rt": "1.2.2"},
        "images": {"count": images, "sha256": "0" * 64, "skipped": {}},
        "metrics_unavailable": {}, "seconds": {"link": 12.5},
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(info))
    _save_examples(folder, list(schemes), examples, side)
    return folder


def _row(scheme: str, best: float, cliff: float, slope: float, snr: float, i: int) -> dict:
    rng = generator("report test", scheme, snr, i)
    coded = "LDPC" in scheme
    lost = 1 / (1 + math.exp((snr - cliff) / slope))
    outage = bool(coded and rng.random() < lost)
    psnr = (13.0 if outage else best) + (i % 5 - 2) + rng.normal(0, 0.3) - (0 if coded else 9 * lost)
    row = empty_row(scheme, snr, 0, f"image-{i:02d}", (256, 256))
    row.update(
        status="ok", ebn0_db=snr - 4.77, source_bits=24576, filler_bits=0, crc_bits=408, information_bits=24984,
        coded_bits=49968, channel_uses=8328, n_blocks=17, rho=8328 / 196608, bpp=0.375, bit_errors=int(2000 * lost),
        block_errors=round(17 * lost), outage=outage, iterations=5.0, psnr_db=psnr, ms_ssim=min(0.99, psnr / 32),
        lpips=max(0.02, 0.9 - psnr / 36), settings="{}",
    )  # fmt: skip
    return row


def _save_examples(folder: Path, schemes: list[str], count: int, side: int) -> None:
    for i in range(count):
        original = _scene(i, side)
        for scheme in schemes:
            best, cliff, slope = {**SCHEMES, "BPG, capacity": (29.0, -5.0, 0.6)}[scheme]
            for snr in SNRS:
                lost = 1 / (1 + math.exp((snr - cliff) / slope))
                received = _damaged(original, scheme, lost, generator("report test", "picture", scheme, snr, i))
                shown = "LDPC" in scheme and lost > 0.9
                save_example(folder, f"image-{i:02d}", scheme, snr, original, received, best - 9 * lost, outage=shown)


def _scene(i: int, side: int) -> np.ndarray:
    y, x = np.mgrid[0:side, 0:side] / side
    sky = np.stack([0.5 + 0.3 * x, 0.6 + 0.2 * y, 0.9 - 0.3 * y], -1)
    disc = ((x - 0.35 - 0.1 * i) ** 2 + (y - 0.45) ** 2 < 0.05)[..., None]
    bars = ((np.floor(x * 24) % 2 > 0) & (y > 0.75))[..., None]
    scene = np.where(bars, [0.15, 0.2, 0.25], np.where(disc, [0.85, 0.45, 0.2], sky))
    return np.round(255 * scene).astype(np.uint8)


def _damaged(original: np.ndarray, scheme: str, lost: float, rng: np.random.Generator) -> np.ndarray:
    if "LDPC" in scheme and lost > 0.9:
        return np.broadcast_to(original.mean((0, 1)), original.shape).astype(np.uint8)
    hit = rng.random((original.shape[0] // 4, original.shape[1] // 4)) < 0.6 * lost
    mask = hit.repeat(4, 0).repeat(4, 1)[: original.shape[0], : original.shape[1], None]
    blocks = rng.integers(0, 256, (*hit.shape, 3)).repeat(4, 0).repeat(4, 1)
    return np.where(mask, blocks, original).astype(np.uint8)
