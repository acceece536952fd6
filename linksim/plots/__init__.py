"""Figures: metrics against SNR with bands, gains over a scheme, and strips of received pictures."""

from linksim.plots.curves import average_gains, plot_run
from linksim.plots.examples import Example, plot_examples

__all__ = ["Example", "average_gains", "plot_examples", "plot_run"]
