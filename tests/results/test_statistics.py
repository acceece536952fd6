"""Intervals against closed forms and scipy, and how often they cover what they are of."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from linksim.results.aggregates import sample_of
from linksim.results.statistics import Total, estimate, proportion, ratio, totals

N_RUNS = 2000


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=30))
def test_interval_is_students(values):
    ours = estimate(values)
    assert ours.mean == pytest.approx(np.mean(values), abs=1e-9)
    spread = scipy.stats.sem(values)
    if spread > 1e-9:
        low, high = scipy.stats.t.interval(0.95, len(values) - 1, np.mean(values), spread)
        assert (ours.low, ours.high) == pytest.approx((low, high), rel=1e-6, abs=1e-6)


def test_missing_values_and_single_values():
    assert estimate([math.nan, 2.0, 4.0]).mean == 3.0
    assert math.isnan(estimate([2.0]).low)
    assert math.isnan(estimate([]).mean)
    assert math.isnan(proportion([Total(1, 2)], 2).low)
    assert proportion([Total(1, 2)], 2).mean == 0.5


def test_repetitions_are_averaged_within_an_image():
    """Student's interval over the images' means, whatever the fades within an image do."""
    values = {"a": [1.0, 3.0], "b": [5.0, 5.0], "c": [0.0, 2.0]}
    sample = totals((image, value, 1.0) for image, fades in values.items() for value in fades)
    plain = estimate([np.mean(fades) for fades in values.values()])
    ours = ratio(sample)
    assert (ours.mean, ours.low, ours.high) == pytest.approx((plain.mean, plain.low, plain.high))
    assert ours.count == 3


def test_a_lone_image_is_judged_by_its_fades():
    for images, sums in (("aaa", [1, 2, 4]), ("aab", [3, 4])):
        rows = [{"image": image, "repetition": n, "v": 2.0**n} for n, image in enumerate(images)]
        assert sample_of(rows, "v").values.tolist() == sums


def _images_and_fades(rng, n_images, n_fades, between, within):
    return 3.0 + between * rng.normal(size=(n_images, 1)) + within * rng.normal(size=(n_images, n_fades))


def _covered(intervals, truth):
    return np.mean([interval.low <= truth <= interval.high for interval in intervals])


@pytest.mark.parametrize(
    ("n_images", "n_fades", "between", "within"), [(8, 1, 2, 1), (5, 20, 2, 1), (24, 10, 1, 3), (3, 50, 1, 0.2)]
)
def test_interval_covers_the_mean_95_times_of_100(n_images, n_fades, between, within):
    rng = np.random.default_rng(1)
    runs = [_images_and_fades(rng, n_images, n_fades, between, within) for _ in range(N_RUNS)]
    samples = [totals((i, v, 1.0) for i, fades in enumerate(run.tolist()) for v in fades) for run in runs]
    assert _covered([ratio(sample) for sample in samples], 3.0) == pytest.approx(0.95, abs=0.015)


def test_taking_fades_for_independent_draws_covers_far_less():
    rng = np.random.default_rng(2)
    runs = [_images_and_fades(rng, 5, 20, 2, 1) for _ in range(500)]
    assert _covered([estimate(run.ravel().tolist()) for run in runs], 3.0) < 0.65


def test_a_rate_of_one_trial_each_is_wilsons():
    sample = [Total(float(lost), 1.0) for lost in [1] * 3 + [0] * 17]
    low, high = scipy.stats.binomtest(3, 20).proportion_ci(0.95, "wilson")
    ours = proportion(sample, 20)
    assert (ours.mean, ours.low, ours.high) == pytest.approx((0.15, low, high))
    assert proportion([Total(0.0, 1.0)] * 20, 20).low == 0
    assert proportion([Total(0.0, 1.0)] * 20, 20).high == pytest.approx(
        scipy.stats.binomtest(0, 20).proportion_ci(0.95, "wilson").high
    )


@pytest.mark.parametrize(
    ("n_images", "n_blocks", "rate", "alike"),
    [(24, 30, 0.1, 2.0), (24, 30, 0.01, 20.0), (8, 100, 0.3, 5.0), (24, 4, 0.5, 1.0)],
)
def test_a_rate_over_images_whose_blocks_fail_together_is_covered(n_images, n_blocks, rate, alike):
    """Each image has a rate of its own, beta-distributed with mean `rate`; small `alike` makes them differ much."""
    rng = np.random.default_rng(3)
    rates = rng.beta(rate * alike, (1 - rate) * alike, (N_RUNS, n_images))
    errors = rng.binomial(n_blocks, rates)
    samples = [[Total(float(e), float(n_blocks)) for e in run] for run in errors]
    intervals = [proportion(sample, n_images) for sample in samples]
    assert 0.91 < _covered(intervals, rate) < 0.99
    assert _covered(intervals, rate) > _covered(
        [ratio(sample) for sample in samples], rate
    )  # skewed, so Student's is worse


def test_no_error_seen_is_no_proof_of_none():
    for sendings in (4, 40):  # of four images, whatever the number of bits
        nothing, all_lost = (proportion([Total(value, 1000.0)] * 4, sendings) for value in (0.0, 1000.0))
        wilson = scipy.stats.binomtest(0, sendings).proportion_ci(0.95, "wilson")
        assert (nothing.low, nothing.high) == pytest.approx((0, wilson.high))
        assert (all_lost.low, all_lost.high) == pytest.approx((1 - wilson.high, 1))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(50, 60)), min_size=2, max_size=20))
def test_a_rate_and_its_interval_stay_between_0_and_1(counts):
    ours = proportion([Total(float(errors), float(trials)) for errors, trials in counts], len(counts))
    assert 0 <= ours.low <= ours.mean + 1e-12
    assert ours.mean - 1e-12 <= ours.high <= 1
