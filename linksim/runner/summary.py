"""`run.json`: versions, seeds, hashes, and where the time went."""

import os
import platform
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from linksim.metrics.registry import facts
from linksim.results.row import unpack
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

    def add(self, record: dict[str, Any]) -> None:
        """Count a point's record in."""
        self.points += 1
        for stage, seconds in record["seconds"].items():
            self.seconds[stage] += seconds
            self.seconds_by_scheme[record["scheme"]] += seconds
        self.skipped.update(record["skipped"])
        for row in unpack(record["rows"]):
            if row["iterations"] == row["iterations"]:  # not NaN
                sums = self._iterations[record["snr_db"]]
                sums[0] += row["iterations"] * row["n_blocks"]
                sums[1] += row["n_blocks"]

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
