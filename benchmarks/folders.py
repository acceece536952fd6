"""What benchmarks read of a results folder; what is missing in it ends them with one line and exit status 2."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from linksim.common.errors import InputError


def read_rows(folder: Path, snrs_db: Iterable[float]) -> pd.DataFrame:
    """The rows of `results.csv` of a folder, where each scheme has one at each of some SNRs.

    Raises:
        InputError: there is no such file, or a scheme has no row at one of the SNRs.
    """
    file = folder / "results.csv"
    if not file.is_file():
        raise InputError(f"{folder}: no results.csv; give a folder that `linksim run` has written")
    rows = pd.read_csv(file)
    for scheme, own in rows.groupby("scheme", sort=False):
        missing = [f"{snr:g}" for snr in snrs_db if not (own.snr_db == snr).any()]
        if missing:
            there = ", ".join(f"{snr:g}" for snr in own.snr_db)
            raise InputError(
                f"{file}: scheme {str(scheme)!r} has no row at {', '.join(missing)} dB, only at {there} dB"
            )
    return rows


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Bad input of what is done within as a line on standard error, and exit status 2."""
    try:
        yield
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_status)
