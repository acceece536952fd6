"""Figures: metrics against SNR with bands, gains over a scheme, and strips of received pictures."""

from linksim.reports.plots.curves import average_gains, plot_run, unequal_notes
from linksim.reports.plots.strip import Example, plot_examples

__all__ = ["Example", "average_gains", "plot_examples", "plot_run", "unequal_notes"]
