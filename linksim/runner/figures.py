"""The figures of a finished run."""

from pathlib import Path


def draw(folder: Path) -> None:
    """Draw the metrics' curves and the strip of examples into `folder`."""
    from linksim import plots

    plots.plot_run(folder)
