"""How often each point is sent: a fixed number, or until its intervals are narrow enough."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from linksim.common.errors import InputError
from linksim.results.aggregates import estimate_of, sample_of
from linksim.results.frame import Frame, Row
from linksim.results.spread import Spread, spread
from linksim.results.statistics import proportion
from linksim.runner.plan import Wanted
from linksim.scenario import Scenario

Rows = Callable[[str, float], Frame | Iterable[Row]]
"""Gives the stored rows of a scheme and SNR."""


@dataclass(frozen=True)
class Aim:
    """One interval of a point against what the scenario asks for.

    Attributes:
        column: `psnr_db` or `bler`.
        half_width: of the interval, in the column's unit.
        wanted: half-width that is asked for; 0 where it is a part of a rate of which no error was seen yet.
        spread: what the half-width is made of.
    """

    column: str
    half_width: float
    wanted: float
    spread: Spread

    @property
    def reached(self) -> bool:
        """Whether it is narrow enough. There is nothing to go on for where there is no interval."""
        return not math.isfinite(self.half_width) or self.half_width <= self.wanted

    @property
    def out_of_reach(self) -> bool:
        """Whether the images differ so much that no number of repetitions gets there."""
        return self.wanted > 0 and self.spread.limit > self.wanted

    def repetitions(self, so_far: int) -> int:
        """Repetitions that will do, by what the ones so far show; a second one tells images and fades apart."""
        if self.reached or (so_far > 1 and self.out_of_reach):
            return so_far
        if math.isnan(self.spread.within):
            return so_far + 1
        if self.wanted == 0:
            return 2 * so_far
        needed = self.spread.repetitions_for(self.wanted)
        return max(so_far + 1, math.ceil(needed) if math.isfinite(needed) else 2 * so_far)


@dataclass(frozen=True)
class Shortfall:
    """A point that ends with a wider interval than was asked for.

    Attributes:
        scheme: its scheme.
        snr_db: its Es/N0 in dB.
        column: `psnr_db` or `bler`.
        half_width: of the interval.
        wanted: half-width that was asked for.
        remedy: `images` where more repetitions cannot help, else `repetitions`.
    """

    scheme: str
    snr_db: float
    column: str
    half_width: float
    wanted: float
    remedy: str


def check_interval(scenario: Scenario, n_images: int) -> None:
    """Refuse a precision that nothing could be judged by. Raises `InputError`."""
    if scenario.sweep.precision and n_images == 1 and scenario.sweep.repetitions == 1:
        raise InputError(
            "sweep.precision: one image sent once has no interval to be narrow; give images.count of at least 2, "
            "or sweep.repetitions of at least 2 for an interval over the fades of this image"
        )


def first_round(scenario: Scenario) -> Wanted:
    """The repetitions that every point gets."""
    return {(s.name, snr): scenario.sweep.repetitions for s in scenario.schemes for snr in scenario.sweep.snrs}


def next_round(scenario: Scenario, wanted: Wanted, rows: Rows) -> Wanted:
    """Repetitions wanted after the intervals of the finished ones; equal to `wanted` when all points are done.

    More repetitions only narrow what fades contribute to an interval, not what the images' differences do. A point ends
    where its intervals are narrow enough, where repetitions cannot narrow them that far, and at `max_repetitions`. The
    decision looks at stored rows only, so a resumed run takes the same.
    """
    precision = scenario.sweep.precision
    if precision is None:
        return wanted
    result = dict(wanted)
    for (scheme, snr_db), so_far in wanted.items():
        needed = [aim.repetitions(so_far) for aim in _aims(scenario, rows(scheme, snr_db))]
        if so_far < precision.max_repetitions:
            result[scheme, snr_db] = min(max([so_far, *needed]), precision.max_repetitions)
    return result


def shortfalls(scenario: Scenario, wanted: Wanted, rows: Rows) -> list[Shortfall]:
    """The points whose intervals are wider than the scenario asks for."""
    return [
        Shortfall(
            scheme, snr_db, aim.column, aim.half_width, aim.wanted, "images" if aim.out_of_reach else "repetitions"
        )
        for scheme, snr_db in wanted
        for aim in _aims(scenario, rows(scheme, snr_db))
        if not aim.reached
    ]


def in_words(missed: Sequence[Shortfall], points: int) -> str:
    """One line about them for the end of a run; "" where there are none."""
    if not missed:
        return ""
    number = len({(one.scheme, one.snr_db) for one in missed})
    remedies = {one.remedy for one in missed}
    advice = {
        "images": "the images differ too much for any number of repetitions, so add images",
        "repetitions": "more repetitions can help: raise max_repetitions",
    }
    said = "; elsewhere ".join(advice[remedy] for remedy in advice if remedy in remedies)
    return f"sweep.precision is not reached at {number} of {points} points (run.json lists them): {said}"


def as_records(missed: Sequence[Shortfall]) -> list[dict[str, object]]:
    """For `run.json`."""
    return [asdict(one) for one in missed]


def _aims(scenario: Scenario, rows: Iterable[Row] | Frame) -> Iterator[Aim]:
    precision = scenario.sweep.precision
    sent = Frame.of(rows)
    if precision is None or not len(sent) or not sent.is_word("status", "ok").all():
        return
    images = sent.codes("image").tolist()
    if precision.psnr_db is not None:
        quality = sent.numbers("psnr_db").tolist()
        values = [(image, value) for image, value in zip(images, quality, strict=True) if not math.isnan(value)]
        if values:
            yield Aim("psnr_db", estimate_of(sent, "psnr_db").half_width, precision.psnr_db, spread(values))
    counts, errors = sent.numbers("n_blocks"), sent.numbers("block_errors")
    blocks = float(counts.sum())
    if precision.bler is not None and blocks:
        rate = proportion(sample_of(sent, "block_errors", "n_blocks"), len(sent))
        each = blocks / len(sent)
        residuals = ((errors - rate.mean * counts) / each).tolist()
        yield Aim(
            "bler", rate.half_width, precision.bler * rate.mean, spread(list(zip(images, residuals, strict=True)))
        )
