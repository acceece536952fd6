"""`linksim train`: a recipe to a checkpoint, with a progress bar on stderr."""

import math
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from linksim.common.tensorflow import import_tensorflow
from linksim.training.kinds import load_recipe, make_run, require_start


def train_command(recipe: Path, overrides: list[str], steps: int | None, out: Path | None) -> None:
    """Train what the YAML file describes, or go on with it; prints the path of the checkpoint, or of each."""
    config = load_recipe(recipe, [*overrides, *([f"steps={steps}"] if steps else [])])
    require_start(config, recipe)
    import_tensorflow()
    console = Console(stderr=True)
    trainer = make_run(config, out or Path("runs") / config.name)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, refresh_per_second=1) as progress:
        task = progress.add_task(config.name, total=config.steps, note="")

        def on_step(step: int, report: dict[str, float]) -> None:
            note = f"loss {report['loss']:.4f}"
            if "mse" in report:  # a training without pictures has none
                note = f"train PSNR {-10 * math.log10(max(report['mse'], 1e-9)):.2f} dB, {note}"
            progress.update(task, completed=step, note=note)

        trainer.run(on_step)
    for path in trainer.paths:
        measured = trainer.read_card(path.read_bytes(), str(path))["validation"]
        console.print(", ".join(f"{key} {value:.2f}" for key, value in measured.items()))
        print(path)
