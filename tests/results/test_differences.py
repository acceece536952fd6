"""Paired differences against the same by hand."""

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from linksim.results.differences import difference, values_by_point


def test_it_is_a_paired_t_interval_over_images():
    rng = np.random.default_rng(1)
    own = 10 * rng.normal(size=(7, 1))
    a, b = own + rng.normal(size=(7, 4)), own + 1 + rng.normal(size=(7, 3))
    found = difference(
        {(f"i{i}", r): float(a[i, r]) for i, r in np.ndindex(a.shape)},
        {(f"i{i}", r): float(b[i, r]) for i, r in np.ndindex(b.shape)},
    )
    theirs = scipy.stats.ttest_rel(a.mean(1), b.mean(1)).confidence_interval(0.95)
    assert (found.mean, found.low, found.high) == pytest.approx((a.mean() - b.mean(), *theirs))
    assert found.count == 7


def test_only_images_that_both_have_count():
    a = {("x", 0): 1.0, ("y", 0): 5.0, ("z", 0): 9.0}
    b = {("x", 0): 0.0, ("y", 0): 2.0, ("w", 0): 99.0}
    assert difference(a, b).mean == 2.0
    assert difference(a, b).count == 2
    assert difference(a, {}).count == 0
    assert math.isnan(difference(a, {}).mean)


def test_one_image_is_paired_by_its_fades():
    found = difference({("x", 0): 1.0, ("x", 1): 3.0}, {("x", 0): 0.0, ("x", 1): 1.0, ("x", 2): 50.0})
    assert (found.mean, found.count) == (1.5, 2)
    assert math.isfinite(found.low)


def test_missing_values_are_left_out():
    frame = pd.DataFrame(
        {
            "scheme": ["A", "A", "B"],
            "snr_db": [0.0, 0.0, 4.0],
            "image": ["x", "y", "x"],
            "repetition": [0, 0, 1],
            "psnr_db": [1.0, None, 3.0],
        }
    )
    assert values_by_point(frame, "psnr_db") == {("A", 0.0): {("x", 0): 1.0}, ("B", 4.0): {("x", 1): 3.0}}
