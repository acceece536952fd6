"""`run.json`: versions, seeds, hashes, and where the time went."""

import os
import platform
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from linksim.metrics.registry import facts
from linksim.results.frame import Frame
from linksim.runner.identity import digest, library_versions, plugin_packages, simulation_version
from linksim.runner.plan import Plan


@dataclass
class Totals:
    """Sums over the stored points of a scenario, of this run and of earlier ones."""

    points: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    seconds_by_scheme: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    skipped: dict[str, str] = field(default_factory=dict)
    _iterations: dict[float, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0.0]))

    def add(self, scheme: str, snr_db: float, rows: Frame, infos: list[dict[str, Any]]) -> None:
        """Count points of a scheme and SNR in: their rows, and `seconds` and `skipped` of each."""
        self.points += len(infos)
        for info in infos:
            for stage, seconds in info["seconds"].items():
                self.seconds[stage] += seconds
                self.seconds_by_scheme[scheme] += seconds
            self.skipped.update(info["skipped"])
        iterations, blocks = rows.numbers("iterations"), rows.numbers("n_blocks")
        there = ~np.isnan(iterations)
        if there.any():
            sums = self._iterations[snr_db]
            sums[0] += float((iterations * blocks)[there].sum())
            sums[1] += float(blocks[there].sum())

    def iterations_by_snr(self) -> dict[str, float]:
        """Mean decoder iterations per block, by SNR in dB."""
        return {f"{snr:g}": round(total / blocks, 3) for snr, (total, blocks) in sorted(self._iterations.items())}


def describe_run(
    plan: Plan, totals: Totals, unavailable: dict[str, str], wall_seconds: float, finished: bool
) -> dict[str, Any]:
    """Content of `run.json`; `seconds` are sums over all points, whichever run or worker simulated them."""
    hashed = [image for batch in plan.opened for image in batch.images]
    return {
        "name": plan.scenario.name,
        "seed": plan.scenario.seed,
        "finished": finished,
        "points": totals.points,
        "versions": {**library_versions(), "python": platform.python_version()},
        "plugins": plugin_packages(plan.scenario),
        "simulation_code_sha256": simulation_version(),
        "weights_sha256": _weights(plan),
        "images": {"count": len(plan.source), "sha256": digest(hashed), "skipped": totals.skipped},
        "metrics_unavailable": unavailable,
        "metrics": facts(plan.metrics),
        "ldpc_iterations_by_snr_db": totals.iterations_by_snr(),
        "seconds": {stage: round(value, 3) for stage, value in sorted(totals.seconds.items())},
        "seconds_by_scheme": {name: round(value, 3) for name, value in totals.seconds_by_scheme.items()},
        "wall_seconds_of_last_run": round(wall_seconds, 3),
        "machine": {"system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count()},
    }


def _weights(plan: Plan) -> dict[str, str]:
    """By scheme, the SHA-256 of its checkpoint, or one over the hashes of all that it reads."""
    hashes = {name: list(found.values()) for name, found in plan.identities.items() if found}
    return {name: found[0] if len(found) == 1 else digest(found) for name, found in hashes.items()}
