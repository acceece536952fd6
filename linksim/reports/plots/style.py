"""How schemes look: colours safe for the colour-blind, with markers and line styles that tell them apart in grey."""

from typing import Any

# Okabe and Ito (2008) without yellow, which is too faint on white; then wine and olive of Tol (2021), and grey.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#000000", "#CC79A7", "#56B4E9", "#E69F00", "#882255", "#999933", "#7F7F7F")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
LINES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))

COLUMN_WIDTH = 3.5
"""Inches; a column of a two-column paper."""

RC: Any = {
    "font.size": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 6.5,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.6,
    "grid.linewidth": 0.4,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "linksim",
}


def look(number: int) -> dict[str, Any]:
    """Line properties of the scheme with this number. Where a colour comes again, line and marker are others, and every
    second time the marker is hollow.
    """
    color, again = COLORS[number % len(COLORS)], number // len(COLORS)
    hollow = again % 2 == 1
    return {
        "color": color,
        "marker": MARKERS[number % len(MARKERS)],
        "linestyle": LINES[(number + again) % len(LINES)],
        "markerfacecolor": "white" if hollow else color,
        "markeredgecolor": color if hollow else "white",
        "markeredgewidth": 0.8 if hollow else 0.4,
    }
