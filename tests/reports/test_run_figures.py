"""Which SNRs the strip of examples shows."""

from linksim.reports.run_figures import telling


def test_strip_shows_the_cliff_and_not_the_same_picture_twice() -> None:
    quality = {
        0.0: [10.0, 9.0],
        6.0: [10.0, 9.5],
        12.0: [10.0, 15.0],
        14.0: [28.0, 26.0],
        16.0: [28.0, 26.0],
        20.0: [28.0, 26.0],
    }
    assert telling(quality, 3) == [0.0, 12.0, 20.0]
    assert telling(quality, 4) == [0.0, 6.0, 12.0, 20.0]


def test_few_snrs_are_all_shown() -> None:
    assert telling({10.0: [1.0], 20.0: [1.0]}, 4) == [10.0, 20.0]
