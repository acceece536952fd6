"""What the paper's two percentages become over seeds: `python -m benchmarks.seeds [FOLDER] [--snr DB]`, Markdown on standard output.

Schemes of the results folder (default `results/as-written`) are named VARIANT, seed N. Of each variant: PSNR and LPIPS, mean and spread (standard
deviation) over the seeds, and its change against `VQ-VAE` of the same seed.
"""

import argparse
from pathlib import Path

import pandas as pd

BASELINE = "VQ-VAE"


def table(rows: pd.DataFrame, snr_db: float) -> pd.DataFrame:
    """PSNR and LPIPS of each variant and seed at an SNR, and percentages against the baseline of the seed."""
    named = rows["scheme"].str.extract(r"^(?P<variant>.*), seed (?P<seed>\d+)$")
    at = rows.assign(variant=named.variant, seed=named.seed)[rows.snr_db == snr_db].set_index(["variant", "seed"])
    values = at[["psnr_db", "lpips"]]
    base = values.xs(BASELINE, level="variant")
    change = values.groupby(level="variant", group_keys=False).apply(lambda own: own.div(base, level="seed") - 1)
    return pd.concat([values, (100 * change).add_suffix("_percent")], axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default="results/as-written", type=Path)
    parser.add_argument("--snr", type=float, default=10.0)
    arguments = parser.parse_args()
    values = table(pd.read_csv(arguments.folder / "results.csv"), arguments.snr)
    mean, spread = (getattr(values.groupby(level="variant", sort=False), name)() for name in ("mean", "std"))
    print("| variant | PSNR (dB) | against VQ-VAE (%) | LPIPS | against VQ-VAE (%) |\n| --- | --- | --- | --- | --- |")
    for variant in mean.index:
        m, s = mean.loc[variant], spread.loc[variant]

        def cell(key: str, form: str, m: pd.Series = m, s: pd.Series = s) -> str:
            return f"{m[key]:{form}}" + (
                "" if pd.isna(s[key]) else f" ± {s[key]:{form.lstrip('+')}}"
            )  # one seed has none

        changes = ["" if variant == BASELINE else cell(f"{key}_percent", "+.1f") for key in ("psnr_db", "lpips")]
        print(f"| {variant} |", " | ".join([cell("psnr_db", ".2f"), changes[0], cell("lpips", ".3f"), changes[1]]), "|")


if __name__ == "__main__":
    main()
