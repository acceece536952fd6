"""What the paper's two percentages become over seeds: `python -m benchmarks.seeds [FOLDER] [--snr DB]`, Markdown on standard output.

Schemes of the results folder (default `results/as-written`) are named VARIANT, seed N. Of each variant: PSNR and LPIPS, mean and spread (standard
deviation) over the seeds, and its change against `VQ-VAE` of the same seed.
"""

import argparse
from pathlib import Path

import pandas as pd

from benchmarks.folders import read_rows, told_in_one_line
from linksim.common.errors import InputError

BASELINE = "VQ-VAE"


def table(rows: pd.DataFrame, snr_db: float) -> pd.DataFrame:
    """PSNR and LPIPS of each variant and seed at an SNR, and percentages against the baseline of the seed.

    Raises:
        InputError: a scheme has no seed in its name, or a seed no baseline.
    """
    named = rows["scheme"].str.extract(r"^(?P<variant>.*), seed (?P<seed>\d+)$")
    if named.isna().any(axis=None):
        odd = rows["scheme"][named.seed.isna()].iloc[0]
        raise InputError(f"scheme {odd!r}: no seed in its name; schemes of such a folder are named VARIANT, seed N")
    lacking = set(named.seed) - set(named.seed[named.variant == BASELINE])
    if lacking:
        raise InputError(f"no scheme '{BASELINE}, seed {min(lacking)}', which those of that seed are compared with")
    at = rows.assign(variant=named.variant, seed=named.seed)[rows.snr_db == snr_db].set_index(["variant", "seed"])
    values = at[["psnr_db", "lpips"]]
    base = values.xs(BASELINE, level="variant")
    change = values.groupby(level="variant", group_keys=False).apply(lambda own: own.div(base, level="seed") - 1)
    return pd.concat([values, (100 * change).add_suffix("_percent")], axis=1)


def lines(values: pd.DataFrame) -> list[str]:
    """Lines of Markdown of what `table` gives: means, with the spread where there are several seeds."""
    mean, spread = (getattr(values.groupby(level="variant", sort=False), name)() for name in ("mean", "std"))
    found = ["| variant | PSNR (dB) | against VQ-VAE (%) | LPIPS | against VQ-VAE (%) |", "| --- " * 5 + "|"]
    for variant in mean.index:
        m, s = mean.loc[variant], spread.loc[variant]

        def cell(key: str, form: str, m: pd.Series = m, s: pd.Series = s) -> str:
            return f"{m[key]:{form}}" + ("" if pd.isna(s[key]) else f" ± {s[key]:{form.lstrip('+')}}")

        changes = ["" if variant == BASELINE else cell(f"{key}_percent", "+.1f") for key in ("psnr_db", "lpips")]
        cells = [str(variant), cell("psnr_db", ".2f"), changes[0], cell("lpips", ".3f"), changes[1]]
        found.append(f"| {' | '.join(cells)} |")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default="results/as-written", type=Path)
    parser.add_argument("--snr", type=float, default=10.0)
    arguments = parser.parse_args()
    with told_in_one_line():
        print("\n".join(lines(table(read_rows(arguments.folder, [arguments.snr]), arguments.snr))))


if __name__ == "__main__":
    main()
