"""The table of the cited systems: `python -m benchmarks.cited [FOLDER]`, Markdown on standard output.

Of each scheme of a results folder (default `results/cited`): PSNR, MS-SSIM and LPIPS at 4, 10 and 16 dB with half their 95 % intervals, bits and channel
uses of an image, and parameters and training time of its checkpoints. Parameters of a network that several checkpoints share count once; the
time is processor time of all trainings without that of the common backbone, by `training.json` of the folder:
`python -m benchmarks.steps scenarios/train/cited/*.yaml --json results/cited/training.json`.
"""

import argparse
import hashlib
import json
from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.folders import read_rows, told_in_one_line
from linksim.common.errors import InputError
from linksim.scenario import load_scenario
from linksim.schemes.config import SemanticConfig
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.finding import find_checkpoint

SNRS_DB = (4.0, 10.0, 16.0)
PIXELS = 256 * 256
METRICS = {"psnr_db": ("PSNR (dB)", 2), "ms_ssim": ("MS-SSIM", 3), "lpips": ("LPIPS", 3)}


def checkpoints(config: Any) -> list[str]:
    """Names of all checkpoints of a scheme, each once."""
    variants = config.variants if isinstance(config, SemanticConfig) else ()
    names = [name for v in variants for name in (v.checkpoint, v.damaged_checkpoint) if name is not None]
    return list(dict.fromkeys(names))


def parameters(names: list[str]) -> int:
    """Weights of the networks and codewords in checkpoints; of equal arrays one counts, and of states of one training that differ in scales and
    biases alone, which their kernels hold, the kernels count once and each state has a scale for each bias.
    """
    sizes: dict[str, int] = {}
    for name in names:
        checkpoint = Checkpoint.from_bytes(find_checkpoint(name)[1])
        training = checkpoint.card["training"]
        scaled = training["name"] if (training.get("bank") or {}).get("affine") else ""
        arrays = {"codewords": checkpoint.stages.codewords}
        for part in ("encoder", "decoder", "repair"):
            arrays |= {f"{part}/{key}": weight for key, weight in getattr(checkpoint, part).items()}
        for key, array in arrays.items():
            kernel = key.endswith("/kernel")
            same = (
                f"{scaled}/{key}"
                if scaled and kernel
                else f"{array.shape}{hashlib.sha256(array.tobytes()).hexdigest()}"
            )
            sizes[same] = array.size * (2 if scaled and key.endswith("/bias") else 1)
    return sum(sizes.values())


def minutes(names: list[str], measured: dict[str, float]) -> float:
    """Processor minutes of the trainings of checkpoints and of those that they went on from, each counted once; nan where one was not measured."""
    trainings = set()
    for name in names:
        training = Checkpoint.from_bytes(find_checkpoint(name)[1]).card["training"]
        trainings.add(training["name"])
        start = training["initialize_from"] or ""
        trainings |= {Path(start).stem} if start.startswith("runs/") else set()
    return sum(measured.get(name, float("nan")) for name in trainings)


def table(folder: Path) -> list[str]:
    """Lines of the table of a results folder. What is not known, such as the time of a training, is an empty cell.

    Raises:
        InputError: the folder has no results, or a scheme has none at one of the SNRs.
    """
    times = folder / "training.json"
    measured = json.loads(times.read_text()) if times.exists() else {}
    rows, scenario = read_rows(folder, SNRS_DB), load_scenario(folder / "scenario.yaml")
    heads = [f"{label} at {snr:g} dB" for label, _ in METRICS.values() for snr in SNRS_DB]
    heads += ["bits", "channel uses", "parameters", "training (min)"]
    lines = [f"| scheme | {' | '.join(heads)} |", "| --- " * (len(heads) + 1) + "|"]
    for config in scenario.schemes:
        own = rows[rows.scheme == config.name].set_index("snr_db")
        if own.empty:
            raise InputError(f"{folder}: results.csv has no row of scheme {config.name!r}, which scenario.yaml has")
        cells = [
            _mean(own.loc[snr, key], own.loc[snr, key + "_low"], own.loc[snr, key + "_high"], digits)
            for key, (_, digits) in METRICS.items()
            for snr in SNRS_DB
        ]
        at = own.loc[list(SNRS_DB)]
        names = checkpoints(config)
        spent = minutes(names, measured) if names else float("nan")
        size = f"{parameters(names) / 1e6:.2f} M" if names else ""
        cells += [_span(at.bpp * PIXELS), _span(at.channel_uses), size, "" if isnan(spent) else f"{spent:.0f}"]
        lines.append(f"| {config.name} | {' | '.join(cells)} |")
    return lines


def _mean(mean: float, low: float, high: float, digits: int) -> str:
    """A mean with half its interval."""
    return f"{mean:.{digits}f} ± {(high - low) / 2:.{digits}f}"


def _span(values: pd.Series) -> str:
    """The least and the largest of some whole numbers; one where they are equal."""
    least, largest = round(values.min()), round(values.max())
    return f"{least:,}" if least == largest else f"{least:,} to {largest:,}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default="results/cited", type=Path)
    folder = parser.parse_args().folder
    with told_in_one_line():
        print("\n".join(table(folder)))


if __name__ == "__main__":
    main()
