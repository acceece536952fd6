"""How many repetitions a precision asks for, and what is said where repetitions cannot reach it."""

import math

import numpy as np
import pytest

from linksim.common.errors import InputError
from linksim.common.reading.loading import validate
from linksim.results.aggregates import estimate_of, sample_of
from linksim.results.row import empty_row
from linksim.results.statistics import proportion
from linksim.runner.repetitions import check_interval, first_round, in_words, next_round, shortfalls
from linksim.scenario import Scenario


def scenario(repetitions=1, **precision):
    return validate(
        {
            "name": "n",
            "images": {"count": 5},
            "sweep": {"snr_db": [10.0], "repetitions": repetitions, "precision": precision},
            "schemes": [{"name": "A", "kind": "jpeg", "quality": 5}],
        },
        Scenario,
        "f",
    )


class Link:
    """Rows of invented images; PSNR differs by `between` dB from image to image and by `within` from fade to fade."""

    def __init__(self, images=5, between=0.0, within=1.0, bler=0.2, blocks=20, seed=1):
        rng = np.random.default_rng(seed)
        self.psnr = 30 + between * rng.normal(size=(images, 1)) + within * rng.normal(size=(images, 500))
        self.errors = rng.binomial(blocks, bler, (images, 500))
        self.blocks, self.asked = blocks, 0

    def __call__(self, repetitions):
        self.asked = repetitions
        rows = []
        for image, repetition in np.ndindex(len(self.psnr), repetitions):
            row = empty_row("A", 10.0, repetition, f"image {image}", (32, 32))
            row.update(status="ok", psnr_db=float(self.psnr[image, repetition]), n_blocks=self.blocks)
            rows.append(row | {"block_errors": int(self.errors[image, repetition])})
        return rows


def carried_out(scenario, link):
    """Rounds until no more is wanted."""
    wanted: dict = {}
    more = first_round(scenario)

    def rows(*point):
        return link(wanted[point])

    while more != wanted:
        assert more["A", 10.0] > wanted.get(("A", 10.0), 0)
        wanted.update(more)
        more = next_round(scenario, wanted, rows)
    return wanted["A", 10.0], shortfalls(scenario, wanted, rows)


def test_fades_are_repeated_until_the_interval_is_narrow():
    link = Link(between=0.0, within=2.0)
    repetitions, missed = carried_out(scenario(psnr_db=0.5, max_repetitions=400), link)
    assert estimate_of(link(repetitions), "psnr_db").half_width <= 0.5
    assert not missed
    # About t^2 within^2 / (n width^2) of them; the interval's own chance moves that.
    assert 10 < repetitions < 3 * (2.776 * 2.0 / 0.5) ** 2 / 5


def test_what_images_differ_by_is_not_repeated_away():
    link = Link(between=3.0, within=0.2)
    repetitions, (missed,) = carried_out(scenario(psnr_db=0.5, max_repetitions=50), link)
    assert repetitions == 2  # the second one tells images and fades apart
    assert (missed.scheme, missed.snr_db, missed.column, missed.remedy) == ("A", 10.0, "psnr_db", "images")
    assert missed.half_width > missed.wanted == 0.5
    assert "add images" in in_words([missed], 1)
    assert in_words([], 1) == ""


def test_the_most_repetitions_are_kept_to_and_that_is_said():
    link = Link(between=0.0, within=5.0)
    repetitions, (missed,) = carried_out(scenario(psnr_db=0.5, max_repetitions=7), link)
    assert repetitions == 7
    assert missed.remedy == "repetitions"
    assert "raise max_repetitions" in in_words([missed], 1)


def test_a_block_error_rate_to_a_part_of_itself():
    link = Link(bler=0.2, blocks=40)
    repetitions, missed = carried_out(scenario(bler=0.1, max_repetitions=400), link)
    rate = proportion(sample_of(link(repetitions), "block_errors", "n_blocks"), 5 * repetitions)
    assert rate.half_width <= 0.1 * rate.mean
    assert not missed
    assert rate.mean == pytest.approx(0.2, rel=0.3)
    assert repetitions < 400


def test_no_block_error_seen_goes_on_to_the_limit():
    repetitions, (missed,) = carried_out(scenario(bler=0.5, max_repetitions=20), Link(bler=0.0))
    assert repetitions == 20
    assert missed.column == "bler"


def test_an_image_alone_is_judged_by_its_fades():
    link = Link(images=1, within=1.0)
    repetitions, missed = carried_out(scenario(repetitions=2, psnr_db=0.3, max_repetitions=300), link)
    assert not missed
    assert 20 < repetitions < 100
    with pytest.raises(InputError, match=r"^sweep.precision: one image sent once has no interval"):
        check_interval(scenario(psnr_db=0.3), 1)
    check_interval(scenario(repetitions=2, psnr_db=0.3), 1)
    check_interval(scenario(psnr_db=0.3), 2)


def test_something_must_be_asked_for():
    with pytest.raises(InputError, match="neither psnr_db nor bler is given"):
        scenario(max_repetitions=3)


def test_infeasible_points_are_left_as_they_are():
    def rows(*_):
        return [empty_row("A", 10.0, 0, name, (32, 32)) for name in "ab"]

    wanted = {("A", 10.0): 1}
    assert next_round(scenario(psnr_db=0.1), wanted, rows) == wanted
    assert math.isnan(rows()[0]["psnr_db"])
