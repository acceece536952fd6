"""What trainings cost: `python -m benchmarks.steps RECIPE [RECIPE ...] [--json FILE]`.

Each recipe is set up and some steps are made after the first ones, which compile; printed are the processor seconds of a step, of all threads,
and of all its steps in minutes, without validation. Where a recipe goes on from a run of another, `initialize_from` has to be there.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from linksim.training.kinds import load_recipe, make_run

WARM, MEASURED = 4, 12


def seconds_per_step(path: str) -> tuple[str, float, int]:
    """Name of a recipe, processor seconds of a step, and its steps."""
    config = load_recipe(path)
    with tempfile.TemporaryDirectory() as folder:
        run = make_run(config, Path(folder))
        run.step = config.steps // 2  # in the middle, where nothing is set up any more
        for _ in range(WARM):
            run._one_step()
        start = time.process_time()
        for _ in range(MEASURED):
            run._one_step()
        return config.name, (time.process_time() - start) / MEASURED, config.steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="+")
    parser.add_argument("--json", type=Path, help="file that the minutes of each are added to")
    arguments = parser.parse_args()
    minutes = json.loads(arguments.json.read_text()) if arguments.json and arguments.json.exists() else {}
    for path in arguments.recipes:
        name, seconds, steps = seconds_per_step(path)
        minutes[name] = round(seconds * steps / 60, 1)
        print(f"{name}: {seconds:.3f} s a step, {minutes[name]} min for {steps:,} steps", flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps(minutes, indent=1) + "\n")


if __name__ == "__main__":
    main()
