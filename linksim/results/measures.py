"""Everything that a figure or a table can show against SNR: the metrics, and the rates of the link."""

from linksim.metrics.measure import Measure, find_measure
from linksim.metrics.registry import metrics


class Rate(Measure):
    """A measure of the link. That fewer errors are better needs no word on an axis."""

    @property
    def axis_label(self) -> str:
        """For an axis of values, e.g. `Outage (%)`."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


RATES = (
    Rate(name="ber", label="Bit-error rate", higher_is_better=False, logarithmic=True, share=True, decimals=2),
    Rate(name="bler", label="Block-error rate", higher_is_better=False, logarithmic=True, share=True, decimals=2),
    Rate(
        name="outage",
        column="outage_rate",
        label="Outage",
        unit="%",
        scale=100.0,
        log_axis=True,
        share=True,
        decimals=1,
        higher_is_better=False,
    ),
    Rate(name="iterations", label="Decoder iterations", higher_is_better=False, log_axis=True, decimals=2),
    Rate(name="transmissions", label="Transmissions per block", higher_is_better=False, decimals=2),
)
"""Those of every run."""

OUTAGE = RATES[2]


def measures() -> dict[str, Measure]:
    """All of them by name, metrics first."""
    return dict(metrics()) | {rate.name: rate for rate in RATES}


def measure(name: str) -> Measure:
    """The measure with this name or column. Raises `InputError`, which has the nearest name."""
    return find_measure(name, measures())


def how_to_get(name: str) -> str:
    """What to do where a run has no values of a measure."""
    if isinstance(measure(name), Rate):
        return "the run is of a version without it, or has none: run the scenario again"
    return "add it to `metrics:`"
