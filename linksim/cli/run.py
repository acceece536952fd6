"""`linksim run`: progress on stderr, the final table on stdout."""

from pathlib import Path

from linksim.common.errors import InputError, LinksimError
from linksim.metrics.registry import metric
from linksim.reports.tables import results_table
from linksim.runner import Bar, Execution, run_scenario
from linksim.scenario import load_scenario


def run_command(
    path: Path,
    out: Path | None,
    overrides: list[str],
    workers: int,
    scheduler: str | None,
    slurm: str | None,
    figures: bool,
) -> None:
    """Run the scenario file and print its table."""
    scenario = load_scenario(path, overrides)
    execution = Execution(workers, scheduler, slurm)
    folder = out or Path("results") / scenario.name
    try:
        outcome = run_scenario(scenario, folder, execution, Bar(), figures)
    except InputError as error:
        # Fields of the file that only the run can check, such as a folder's being there.
        in_file = str(error).startswith(("images", "schemes.", "sweep."))
        raise InputError(f"{path}: {error}") if in_file else error from None
    print(results_table(outcome.lines, scenario.metrics))
    for name, reason in outcome.unavailable.items():
        print(f"{name} is empty: {reason}")
    for name in scenario.metrics:
        if why := metric(name).why_empty(outcome.lines):
            print(f"{name} is empty: {why}")
    for image, reason in outcome.skipped.items():
        print(f"left out {image}: {reason}")
    if outcome.note:
        print(outcome.note)
    print(f"Written to {folder}")
    if outcome.failed:
        raise LinksimError("; ".join(outcome.failed))
