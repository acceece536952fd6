"""`linksim codebook`, `codebook-size` and `labels`: the theory's figures for a checkpoint, and better labels."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from linksim.cli.images import named_images
from linksim.errors import InputError
from linksim.runner.quiet import import_tensorflow
from linksim.scenario import load_scenario
from linksim.seeds import generator

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Vectors that k-means and the distortions are computed on: enough for their third digit.
_MAX_FEATURES = 65_536


def codebook_command(
    checkpoint: str, rates: str, images: str, count: int | None, scenario: Path | None, out: Path | None
) -> None:
    """Print and draw usage, perplexity and distortion of a codebook, over BSCs and over a scenario's link."""
    from linksim.semantic.codebook_report import CodebookMeter, draw

    codec, features = _features(checkpoint, images, count)
    meter = CodebookMeter(features, codec.indices_of(features, codec.codebook), codec.codebook)
    rows = [meter.over_bsc(rate) for rate in parse_rates(rates)]
    if scenario is not None:
        from linksim.link import Link

        parsed = load_scenario(scenario)
        link = Link(parsed.link)
        for snr_db in parsed.sweep.snrs:
            (reception,) = link.transmit([meter.bits], snr_db, [(parsed.seed, "codebook", 0)])
            rows.append(meter.over_link(f"link at {snr_db:g} dB", reception.bits))
    report = meter.report(rows)
    size = len(codec.codebook)
    print(f"{checkpoint}: K = {size}, entropy {report.entropy_bits:.3f} bits, perplexity {report.perplexity:.1f}")
    print(f"{'channel':<16} {'BER':>8} {'D_q':>9} {'D_c':>9} {'D_c random':>11} {'predicted':>10} {'measured':>9}")
    for row in rows:
        print(
            f"{row.channel:<16} {row.bit_error_rate:>8.4f} {row.quantization:>9.4f} {row.channel_exact:>9.4f} "
            f"{row.channel_random:>11.4f} {row.predicted:>10.4f} {row.measured:>9.4f}"
        )
    _save(draw(report), out or Path(f"codebook-{_stem(checkpoint)}.png"))


def codebook_size_command(
    checkpoint: str, rates: str, images: str, count: int | None, mu: float, labelling: str, out: Path | None
) -> None:
    """Print and draw eq. 21: the best codebook size at each bit-error rate, on the features of a checkpoint."""
    from linksim.semantic.codebook_size import draw_sizes, study_sizes

    if labelling not in ("random", "exact"):
        raise InputError(f"--labelling {labelling}: allowed: random, exact")
    _, features = _features(checkpoint, images, count)
    study = study_sizes(features, parse_rates(rates), mu=mu, labelling=labelling)
    print(f"{'K':>6} {'D_q':>9}" + "".join(f"  D_c at {rate:g}".rjust(14) for rate in study.bit_error_rates))
    for k, size in enumerate(study.sizes):
        print(f"{size:>6} {study.quantization[k]:>9.4f}" + "".join(f"{value:>14.4f}" for value in study.channel[:, k]))
    for rate, best in zip(study.bit_error_rates, study.best, strict=True):
        print(f"best size at bit-error rate {rate:g}: {best}")
    _save(draw_sizes(study), out or Path(f"codebook-size-{_stem(checkpoint)}.png"))


def labels_command(checkpoint: str, rate: float, method: str, out: Path | None) -> None:
    """Write the checkpoint with its codewords reordered so that bit errors do less harm, and its card beside it."""
    from linksim.semantic.card import card_markdown
    from linksim.semantic.checkpoint import load_checkpoint
    from linksim.semantic.relabel import relabel

    (rate,) = parse_rates(str(rate))
    path = out or Path(f"{_stem(checkpoint)}-matched-labels.npz")
    if path.suffix != ".npz":
        raise InputError(f"--out {path}: a checkpoint is an .npz file; give {path}.npz")
    after = relabel(load_checkpoint(checkpoint).checkpoint, path.stem, _stem(checkpoint), rate, method, seed=1)
    try:
        after.save(path)
        path.with_suffix(".md").write_text(card_markdown(after), encoding="utf-8")
    except OSError as error:
        raise InputError(f"--out {path}: cannot be written ({error.strerror}); give a writable place") from None
    print(f"{'bit-error rate':>14} {'D_c before':>11} {'D_c after':>10} {'change':>8}")
    for at, (old, new) in after.card["labels"]["distortion"].items():
        print(f"{at:>14} {old:>11.4f} {new:>10.4f} {100 * (new / old - 1):>+6.1f} %")
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


def _features(checkpoint: str, images: str, count: int | None) -> tuple[Any, np.ndarray]:
    """The codec and features `[n, D]` of images, at most `_MAX_FEATURES` drawn at random."""
    from linksim.semantic.checkpoint import load_checkpoint

    codec = load_checkpoint(checkpoint)
    source = named_images(images, count)
    import_tensorflow()
    parts = [codec.encode_features(image[None]).reshape(-1, codec.codebook.shape[1]) for _, image in source.readable()]
    features = np.concatenate(parts)
    if len(features) > _MAX_FEATURES:
        features = features[generator("codebook features").permutation(len(features))[:_MAX_FEATURES]]
    return codec, features


def _stem(checkpoint: str) -> str:
    return Path(checkpoint).name.removesuffix(".npz")


def _save(figure: "Figure", path: Path) -> None:
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:
        raise InputError(f"--out {path}: cannot be written ({error}); give a .png, .pdf or .svg file") from None
    print(f"Written to {path}")
