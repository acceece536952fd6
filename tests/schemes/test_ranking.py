"""The best candidate first, found with no more steps than the bounds allow."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from linksim.schemes.adaptive.ranking import Ranking

STEPS = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=6), min_size=1, max_size=8)


def falling(losses: list[int]) -> Iterator[int]:
    """What can still be reached after each loss; the last number is the score."""
    left = 20
    for loss in losses:
        left -= loss
        yield left


@given(STEPS)
def test_order_is_that_of_the_scores_and_of_equals_the_first_wins(losses):
    ranking = Ranking(range(len(losses)), lambda number: falling(losses[number]))
    expected = sorted(range(len(losses)), key=lambda number: sum(losses[number]))
    assert list(ranking) == expected
    assert list(ranking) == expected


@given(STEPS)
def test_no_trial_goes_on_that_cannot_reach_the_best(losses):
    seen: dict[int, list[int]] = {number: [] for number in range(len(losses))}

    def trial(number: int) -> Iterator[int]:
        for left in falling(losses[number]):
            seen[number].append(left)
            yield left

    best = next(iter(Ranking(range(len(losses)), trial)))
    score = 20 - sum(losses[best])
    # A trial goes on only from a promise that is at least the best score.
    assert all(promise >= score for promises in seen.values() for promise in promises[:-1])
