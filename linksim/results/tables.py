"""From per-image rows to one row per scheme and SNR."""

import math

from linksim.results.aggregates import Rows
from linksim.results.frame import Frame, Row
from linksim.results.row import columns, result_columns


def summarize(rows: Rows, metrics: tuple[str, ...]) -> Row:
    """The line of `results.csv` for all rows of one scheme and SNR.

    Where the scheme could not send some image within its budget the point is `infeasible` and has no metrics:
    a mean over the images that happened to fit would flatter it. `n_infeasible` says how many did not fit.
    `ber` and `bler` are of payload bits and blocks after decoding, all images together.
    """
    frame = Frame.of(rows)
    ok = frame.is_word("status", "ok")
    sent, feasible = frame.where(ok), bool(ok.all())
    line: Row = dict.fromkeys(result_columns(metrics), math.nan)
    for column in columns(metrics):
        aggregate = column.aggregate(column.name) if column.aggregate else None
        if aggregate and (aggregate.always or feasible):
            values = aggregate.of(frame if aggregate.always else sent)
            line.update((name, value) for name, value in zip(aggregate.columns, values, strict=True) if name in line)
    return line
