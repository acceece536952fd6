"""Metrics of a batch: equal pictures of an image are measured once, and values do not depend on what came before."""

from contextlib import nullcontext

import numpy as np

from linksim.metrics.metric import Metric
from linksim.runner.simulation.measure import Measurements

ASKED: list[int] = []


def mean_error(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    ASKED.append(len(a))
    return np.abs(a.astype(float) - b).mean((1, 2, 3))


def test_equal_pictures_are_measured_once() -> None:
    ASKED.clear()
    metrics = [Metric(name="mae", label="MAE", higher_is_better=False, compute=mean_error)]
    rng = np.random.default_rng(1)
    originals = [rng.integers(0, 256, (6, 8, 3), np.uint8) for _ in range(3)]
    flat, other = np.zeros((6, 8, 3), np.uint8), np.ones((6, 8, 3), np.uint8)
    measurements = Measurements(originals)
    timed: list[str] = []

    def of(numbers: list[int], pictures: list[np.ndarray | None]) -> list[float]:
        values = measurements.of(metrics, numbers, pictures, lambda one: timed.append(one.name) or nullcontext())
        return [value["mae"] for value in values]

    first = of([0, 1, 2], [flat, flat, None])
    assert first[:2] == [mean_error(originals[i][None], flat[None])[0] for i in (0, 1)]
    assert np.isnan(first[2])
    ASKED.clear()
    again = of([1, 0, 1, 0], [flat.copy(), other, other, flat])
    assert ASKED == [2]  # the two that are new
    assert again[0] == first[1]
    assert again[3] == first[0]
    assert again[1] == mean_error(originals[0][None], other[None])[0]
    assert timed == ["mae", "mae"]


def test_pictures_of_several_sizes() -> None:
    metrics = [Metric(name="mae", label="MAE", higher_is_better=False, compute=mean_error)]
    originals = [np.full((4 + i % 2, 6, 3), 10 * i, np.uint8) for i in range(4)]
    values = Measurements(originals).of(
        metrics, [3, 0, 2, 1], [np.zeros_like(originals[i]) for i in (3, 0, 2, 1)], lambda _: nullcontext()
    )
    assert [value["mae"] for value in values] == [30, 0, 20, 10]
