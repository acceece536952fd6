"""A metric against SNR as an SVG drawing: lines with 95 % bands, coloured by the page's style sheet.

The drawing holds its own text description, so it can be read aloud, and no colour, so that it follows light and dark.
"""

import math
from collections.abc import Iterable
from html import escape
from itertools import pairwise

from linksim.metrics.measure import Measure
from linksim.reports.page.headlines import decibel, number
from linksim.reports.page.load import Run
from linksim.reports.plots.style import COLORS
from linksim.results.measures import OUTAGE

WIDTH, HEIGHT = 520, 330
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 14, 46

# Outlines around (0, 0), in the order of `plots.style.MARKERS`: schemes differ by shape too, for print and in grey.
_MARKERS = (
    "M3.4 0A3.4 3.4 0 1 1-3.4 0A3.4 3.4 0 1 1 3.4 0Z",
    "M-3-3H3V3H-3Z",
    "M0-4.2L4 3H-4Z",
    "M0-4.4L4.4 0L0 4.4L-4.4 0Z",
    "M0 4.2L4-3H-4Z",
    "M-1.4-4H1.4V-1.4H4V1.4H1.4V4H-1.4V1.4H-4V-1.4H-1.4Z",
    "M0-1.9L1.9-3.8L3.8-1.9L1.9 0L3.8 1.9L1.9 3.8L0 1.9L-1.9 3.8L-3.8 1.9L-1.9 0L-3.8-1.9L-1.9-3.8Z",
    "M-4.2 0L3-4V4Z",
)


def colors() -> str:
    """CSS that gives the classes of `style_class` the colours of the paper's figures; style.css lightens them on dark."""
    values = "".join(f"--s{i}: {color}; " for i, color in enumerate(COLORS))
    return "\n".join([f":root {{ {values}}}", *(f".s{i} {{ --c: var(--s{i}); }}" for i in range(len(COLORS)))])


def marker(scheme: int) -> str:
    """Path data of a scheme's marker."""
    return _MARKERS[scheme % len(_MARKERS)]


def style_class(run: Run, scheme: int) -> str:
    """CSS classes that give scheme number `scheme` its colour and dashes."""
    dashed = " again" if scheme >= len(COLORS) else ""
    bound = " bound" if run.schemes[scheme] in run.bounds else ""
    return f"s{scheme % len(COLORS)}{dashed}{bound}"


def metric_figure(run: Run, measure: Measure, identity: str) -> str:
    """The SVG element; `identity` makes its ids unique on the page."""
    curves = [_points(run, scheme, measure) for scheme in run.schemes]
    x = _Axis(_x_ends(run.snrs), (LEFT, WIDTH - RIGHT))
    y = _Axis(_y_ends(curves, measure), (HEIGHT - BOTTOM, TOP))
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{identity}-t {identity}-d" '
        f'data-x0="{x.place(run.snrs[0]):.1f}" data-x1="{x.place(run.snrs[-1]):.1f}">',
        f'<title id="{identity}-t">{escape(measure.label)} against SNR</title>',
        f'<desc id="{identity}-d">{escape(_description(run, measure, curves))}</desc>',
        _grid(x, y, _x_ticks(x, run.snrs), measure),
        f'<line class="cursor" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>',
    ]
    # Later schemes lie above earlier ones, but every band lies below every line.
    bands, lines = [], []
    for i, points in enumerate(curves):
        group = f'<g class="series {style_class(run, i)}" data-scheme="{i}">'
        bands.append(f"{group}{''.join(_band(part, x, y) for part in _stretches(points))}</g>")
        lines.append(
            f"{group}{''.join(_line(part, x, y, i, run.schemes[i], measure) for part in _stretches(points))}</g>"
        )
    return "\n".join([*parts, *bands, *lines, "</svg>"])


_Point = tuple[float, float, float, float]  # SNR, mean, low, high; NaN where there is none


def _points(run: Run, scheme: str, measure: Measure) -> list[_Point]:
    rows = run.rows(scheme)
    low, high = f"{measure.column}_low", f"{measure.column}_high"
    ends = rows[[low, high]] if low in rows else rows[[measure.column] * 2] * math.nan
    return [
        (float(snr), float(mean) * measure.scale, float(a) * measure.scale, float(b) * measure.scale)
        for snr, mean, (a, b) in zip(rows["snr_db"], rows[measure.column], ends.to_numpy(), strict=True)
    ]


def _stretches(points: list[_Point]) -> Iterable[list[_Point]]:
    """Neighbouring points that have a value: a line is not drawn across a gap."""
    stretch: list[_Point] = []
    for point in points:
        if math.isfinite(point[1]):
            stretch.append(point)
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


class _Axis:
    """Values to places on the drawing, and round ticks."""

    def __init__(self, ends: tuple[float, float], places: tuple[float, float]) -> None:
        self.low, self.high = ends
        self._from, self._to = places

    def place(self, value: float) -> float:
        return self._from + (value - self.low) / (self.high - self.low) * (self._to - self._from)

    def ticks(self, about: int) -> list[float]:
        step = _round_step((self.high - self.low) / about)
        first = math.ceil(self.low / step - 1e-9)
        return [i * step for i in range(first, math.floor(self.high / step + 1e-9) + 1)]


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)


def _x_ends(snrs: list[float]) -> tuple[float, float]:
    margin = 0.03 * (snrs[-1] - snrs[0]) or 1.0
    return snrs[0] - margin, snrs[-1] + margin


def _y_ends(curves: list[list[_Point]], measure: Measure) -> tuple[float, float]:
    if measure is OUTAGE:
        return -3.0, 103.0
    values = [v for points in curves for point in points for v in point[1:] if math.isfinite(v)]
    low, high = min(values), max(values)
    margin = 0.06 * (high - low) or max(abs(high), 1.0) * 0.1
    return low - margin, high + margin


def _x_ticks(x: _Axis, snrs: list[float]) -> list[float]:
    """The SNRs themselves where their numbers have room, else round ones."""
    places = [x.place(snr) for snr in snrs]
    roomy = all(b - a >= 30 for a, b in pairwise(places))
    return snrs if roomy else x.ticks(10)


def _grid(x: _Axis, y: _Axis, xs: list[float], measure: Measure) -> str:
    ys = y.ticks(6)
    digits = max(0, -math.floor(math.log10(ys[1] - ys[0]) + 1e-9)) if len(ys) > 1 else 2
    lines = "".join(f"M{LEFT} {y.place(v):.1f}H{WIDTH - RIGHT}" for v in ys)
    marks = "".join(f"M{x.place(v):.1f} {HEIGHT - BOTTOM}v4" for v in xs)
    texts = [
        f'<text x="{x.place(v):.1f}" y="{HEIGHT - BOTTOM + 17}">{number(v, 0 if v == int(v) else 1)}</text>' for v in xs
    ]
    texts += [f'<text class="end" x="{LEFT - 8}" y="{y.place(v) + 4:.1f}">{number(v + 0.0, digits)}</text>' for v in ys]
    unit = f" in {measure.unit}" if measure.unit else ""
    better = "higher" if measure.higher_is_better else "lower"
    middle = (TOP + HEIGHT - BOTTOM) / 2
    texts.append(f'<text class="name" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}">Es/N0 in dB</text>')
    texts.append(
        f'<text class="name" transform="translate(13 {middle}) rotate(-90)">{measure.label}{unit} ({better} is better)</text>'
    )
    frame = f"M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"
    return (
        f'<path class="rules" d="{lines}"/><path class="axis" d="{frame}{marks}"/>'
        f'<g class="labels" aria-hidden="true">{"".join(texts)}</g>'
    )


def _band(points: list[_Point], x: _Axis, y: _Axis) -> str:
    bounded = [p for p in points if math.isfinite(p[2]) and math.isfinite(p[3])]
    if not bounded:
        return ""
    if len(bounded) == 1:
        snr, _, low, high = bounded[0]
        return f'<path class="whisker" d="M{x.place(snr):.1f} {y.place(low):.1f}V{y.place(high):.1f}"/>'
    upper = [f"{x.place(p[0]):.1f} {y.place(p[3]):.1f}" for p in bounded]
    lower = [f"{x.place(p[0]):.1f} {y.place(p[2]):.1f}" for p in reversed(bounded)]
    return f'<path class="band" d="M{"L".join(upper + lower)}Z"/>'


def _line(points: list[_Point], x: _Axis, y: _Axis, scheme: int, name: str, measure: Measure) -> str:
    places = [f"{x.place(p[0]):.1f} {y.place(p[1]):.1f}" for p in points]
    marks = [
        f'<path class="mark" transform="translate({place})" d="{marker(scheme)}">'
        f"<title>{escape(name)}, {decibel(p[0])}: {_with_interval(p, measure)}</title></path>"
        for place, p in zip(places, points, strict=True)
    ]
    return f'<path class="line" d="M{"L".join(places)}"/>{"".join(marks)}'


def _with_interval(point: _Point, measure: Measure) -> str:
    text = number(point[1], measure.decimals, measure.unit)
    if math.isnan(point[2]):
        return text
    return f"{text} (95 %: {number(point[2], measure.decimals)} to {number(point[3], measure.decimals)})"


def _description(run: Run, measure: Measure, curves: list[list[_Point]]) -> str:
    ends = []
    for scheme, points in zip(run.schemes, curves, strict=True):
        known = [point for point in points if math.isfinite(point[1])]
        if known:
            first, last = (number(p[1], measure.decimals, measure.unit) for p in (known[0], known[-1]))
            ends.append(f"{scheme}: {first} at {decibel(known[0][0])}, {last} at {decibel(known[-1][0])}")
    return f"{'; '.join(ends)}. All values are in the table of numbers."
