"""`linksim codebook`, `codebook-size` and `labels`: the theory's figures for a checkpoint, and better labels."""

import csv
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from linksim.cli.images import named_images
from linksim.common.errors import InputError
from linksim.common.seeds import generator
from linksim.common.tensorflow import import_tensorflow
from linksim.common.writing import make_writable, write_bytes
from linksim.scenario import load_scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Vectors that k-means and the distortions are computed on: enough for their third digit.
_MAX_FEATURES = 65_536


# Passes of all features through a channel; with some ten thousand vectors the mean is good to some tenths of a per
# cent.
_BSC_DRAWS, _LINK_DRAWS = 16, 4


def codebook_command(
    checkpoint: str, rates: str, images: str, count: int | None, scenario: Path | None, out: Path | None
) -> None:
    """Print, draw and write usage, perplexity and distortion of a codebook, over BSCs and over a scenario's link."""
    from linksim.codebook.stages import Stages
    from linksim.codebook.theory import entropy_bits, perplexity
    from linksim.reports.codebook.figure import draw
    from linksim.reports.codebook.meter import CodebookMeter
    from linksim.reports.codebook.stages import stage_rows, stage_table, usage_table

    parsed_rates = parse_rates(rates)
    parsed_scenario = load_scenario(scenario) if scenario else None
    codec, features = _features(checkpoint, images, count)
    folder = make_writable(out or Path("results") / f"codebook-{_stem(checkpoint)}")
    meter = CodebookMeter(features, Stages.of(codec))
    rows = [meter.over_bsc(rate, _BSC_DRAWS) for rate in parsed_rates]
    if parsed_scenario is not None:
        from linksim.link import Link

        link = Link(parsed_scenario.link)
        keys = [(parsed_scenario.seed, "codebook", draw) for draw in range(_LINK_DRAWS)]
        for snr_db in parsed_scenario.sweep.snrs:
            received = (link.transmit([meter.bits], snr_db, [key])[0].bits for key in keys)
            rows.append(meter.over_link(snr_db, received))
    stages = meter.stages
    several = stages.count * stages.heads > 1
    words = (
        f"{stages.count} stages of {stages.heads} heads, K = {stages.size}"
        if several
        else f"K = {stages.size}, entropy {entropy_bits(meter.usage[0, 0]):.3f} bits, perplexity {perplexity(meter.usage[0, 0]):.1f}"
    )
    print(f"{checkpoint}: {words}, {len(features)} vectors of {images}; squared distances per vector:")
    print(
        f"{'channel':<8} {'Es/N0':>6} {'BER':>8} {'D_q':>8} {'D_c':>8} {'D_c random':>10} {'predicted':>9} {'measured':>17} {'':>8}"
    )
    for row in rows:
        snr = "" if np.isnan(row.es_no_db) else f"{row.es_no_db:g}"
        print(
            f"{row.channel:<8} {snr:>6} {row.bit_error_rate:>8.4f} {row.quantization:>8.3f} {row.channel_exact:>8.3f} "
            f"{row.channel_random:>10.3f} {row.predicted:>9.3f} {row.measured:>9.3f} ±{row.half_width:<6.3f} {100 * row.deviation:>+6.2f} %"
        )
    by_stage = stage_rows(meter, parsed_rates) if several else []
    if several:
        print(stage_table(by_stage))
    names = [field.name for field in fields(rows[0])]
    _write_csv(folder / "distortion.csv", names, [[getattr(row, name) for name in names] for row in rows])
    _write_csv(folder / "usage.csv", *usage_table(meter.usage))
    if several:
        names = [field.name for field in fields(by_stage[0])]
        _write_csv(folder / "stages.csv", names, [[getattr(row, name) for name in names] for row in by_stage])
    _save(lambda: draw(meter, rows), folder / "codebook")
    print(f"Written to {folder}")


def codebook_size_command(
    checkpoint: str,
    rates: str,
    images: str,
    count: int | None,
    sizes: str,
    mu: float,
    labelling: str,
    out: Path | None,
) -> None:
    """Print, draw and write eq. 21: the best codebook size at each bit-error rate, on the features of a checkpoint."""
    from linksim.reports.codebook.sizes import draw_sizes, study_sizes

    if labelling not in ("random", "exact"):
        raise InputError(f"--labelling {labelling}: allowed: random, exact")
    parsed_rates, parsed_sizes = parse_rates(rates), parse_sizes(sizes)
    _, features = _features(checkpoint, images, count)
    folder = make_writable(out or Path("results") / f"codebook-size-{_stem(checkpoint)}")
    study = study_sizes(
        features,
        parsed_rates,
        parsed_sizes,
        mu=mu,
        labelling=labelling,
        on_size=lambda size: print(f"K = {size} done", file=sys.stderr, flush=True),
    )
    table = [
        [rate, size, study.quantization[k], study.channel[r, k], study.rate_term[k], study.objective[r, k]]
        for r, rate in enumerate(study.bit_error_rates)
        for k, size in enumerate(study.sizes)
    ]
    header = ["bit_error_rate", "codebook_size", "quantization", "channel", "rate_term", "objective"]
    print(f"{'K':>6} {'D_q':>9}" + "".join(f"  D_c at {rate:g}".rjust(14) for rate in study.bit_error_rates))
    for k, size in enumerate(study.sizes):
        print(f"{size:>6} {study.quantization[k]:>9.4f}" + "".join(f"{value:>14.4f}" for value in study.channel[:, k]))
    for rate, best in zip(study.bit_error_rates, study.best, strict=True):
        print(f"best size at bit-error rate {rate:g}: {best}")
    _write_csv(folder / "sizes.csv", header, table)
    _save(lambda: draw_sizes(study), folder / "sizes")
    print(f"Written to {folder}")


def labels_command(checkpoint: str, rate: float, method: str, out: Path | None) -> None:
    """Write the checkpoint with its codewords reordered so that bit errors do less harm, and its card beside it."""
    from linksim.semantic.card import card_markdown
    from linksim.semantic.codec import load_checkpoint
    from linksim.semantic.relabel import relabel

    (rate,) = parse_rates(str(rate))
    path = out or Path(f"{_stem(checkpoint)}-matched-labels.npz")
    if path.suffix != ".npz":
        raise InputError(f"--out {path}: a checkpoint is an .npz file; give {path}.npz")
    if path.exists() and Path(checkpoint).exists() and path.samefile(checkpoint):
        raise InputError(f"--out {path}: is the checkpoint that is read; give another file")
    before = load_checkpoint(checkpoint).checkpoint
    make_writable(path.parent)
    after = relabel(before, path.stem, _stem(checkpoint), rate, method, seed=1)
    print(f"{'bit-error rate':>14} {'D_c before':>11} {'D_c after':>10} {'change':>8}")
    for at, (old, new) in after.card["labels"]["distortion"].items():
        print(f"{at:>14} {old:>11.4f} {new:>10.4f} {100 * (new / old - 1):>+6.1f} %")
    card = card_markdown(after).encode()
    after.save(path)
    write_bytes(path.with_suffix(".md"), card)
    print(f"Written to {path} and {path.with_suffix('.md')}")


def parse_rates(text: str) -> list[float]:
    """`0.05,0.1` as numbers above 0 and at most 0.5. Raises `InputError`."""
    try:
        rates = [float(part) for part in text.split(",")]
    except ValueError:
        rates = []
    if not rates or not all(0 < rate <= 0.5 for rate in rates):
        raise InputError(f"--bit-error-rate {text}: numbers above 0 and at most 0.5 are needed, such as 0.05,0.1,0.2")
    return rates


def parse_sizes(text: str) -> tuple[int, ...]:
    """`16,64,256`, or `16..4096` for the powers of two from one to the other. Raises `InputError`."""
    try:
        if ".." in text:
            first, last = (int(part) for part in text.split(".."))
            sizes = [2**bits for bits in range(1, 17) if first <= 2**bits <= last]
        else:
            sizes = sorted({int(part) for part in text.split(",")})
    except ValueError:
        sizes = []
    if not sizes or not all(2 <= size <= 65536 for size in sizes):
        raise InputError(f"--sizes {text}: sizes from 2 to 65536 are needed, such as 16..4096 or 16,64,100")
    return tuple(sizes)


def _features(checkpoint: str, images: str, count: int | None) -> tuple[Any, np.ndarray]:
    """The codec and features `[n, D]` of images, at most `_MAX_FEATURES`, in random order."""
    from linksim.semantic.codec import load_checkpoint

    codec = load_checkpoint(checkpoint)
    source = named_images(images, count)
    import_tensorflow()
    parts = [codec.encode(image[None]).reshape(-1, codec.dim) for _, image in source.readable()]
    features = np.concatenate(parts)
    return codec, features[generator("codebook features").permutation(len(features))[:_MAX_FEATURES]]


def _stem(checkpoint: str) -> str:
    return Path(checkpoint).name.removesuffix(".npz")


def _write_csv(path: Path, header: list[str], rows: Sequence[Sequence[Any]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([f"{x:.6g}" if isinstance(x, float) else x for x in row] for row in rows)
    write_bytes(path, text.getvalue().encode())


def _save(draw: "Callable[[], Figure]", path: Path) -> None:
    """Draw and write a figure; it comes last, so that everything else is there where it fails."""
    from linksim.reports.canvas import save, styled

    with styled({}):
        figure = draw()
        for suffix in ("png", "pdf"):
            save(figure, path.with_suffix(f".{suffix}"), suffix, dpi=150)
