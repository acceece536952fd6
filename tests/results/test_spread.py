"""The two variances behind an interval, and how many repetitions it needs."""

import math

import numpy as np
import pytest

from linksim.results.spread import Spread, spread
from linksim.results.statistics import ratio, t_quantile, totals


def values(rng, n_images, n_fades, between, within):
    own = between * rng.normal(size=(n_images, 1))
    return own + within * rng.normal(size=(n_images, n_fades))


def test_both_variances_are_found():
    rng = np.random.default_rng(1)
    found = [spread([(i, v) for i, row in enumerate(values(rng, 12, 6, 2, 3)) for v in row]) for _ in range(600)]
    assert np.mean([s.within for s in found]) == pytest.approx(9, rel=0.03)
    assert np.mean([s.between for s in found]) == pytest.approx(4, rel=0.08)


def test_one_fade_each_cannot_tell_them_apart():
    found = spread([("a", 1.0), ("b", 3.0)])
    assert math.isnan(found.within)
    assert found.between == pytest.approx(2.0)


def test_the_repetitions_asked_for_give_the_width():
    """The expected interval at the repetitions that are asked for, by the model's own variance of a mean."""
    found = Spread(images=10, between=1.0, within=5.0)
    repetitions = found.repetitions_for(1.0)
    assert t_quantile(9) * math.sqrt((1.0 + 5.0 / repetitions) / 10) == pytest.approx(1.0)
    assert found.repetitions_for(found.limit * 0.999) == math.inf
    assert found.repetitions_for(found.limit * 1.001) > 1000


def test_the_limit_is_what_many_repetitions_give():
    rows = values(np.random.default_rng(2), 6, 4000, 2, 3)
    few = spread([(i, v) for i, row in enumerate(rows[:, :40]) for v in row])
    many = ratio(totals((i, v, 1.0) for i, row in enumerate(rows.tolist()) for v in row))
    assert few.limit == pytest.approx(many.half_width, rel=0.15)


def test_a_lone_image_has_no_limit():
    found = spread([("a", v) for v in (1.0, 2.0, 4.0)])
    assert found.limit == 0
    assert found.within == pytest.approx(np.var([1, 2, 4], ddof=1))
