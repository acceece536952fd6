"""Tables that benchmarks make of results folders, on small folders that are made up."""

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks import cited, folders, seeds
from linksim.common.errors import InputError
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.finding import find_checkpoint, pretrained_names

SCENARIO = """
name: made-up
sweep: {snr_db: [4, 10, 16]}
schemes:
  - {name: VQ, kind: semantic, checkpoint: vqvae-short}
  - {name: J, kind: jpeg, rate_match: VQ}
"""
SHIPPED = pytest.mark.skipif("vqvae-short" not in pretrained_names(), reason="no vqvae-short is shipped")


def row(scheme: str, snr_db: float, psnr_db: float, lpips: float, **more: float) -> dict[str, Any]:
    """A row whose interval goes 0.5 dB down and 0.1 dB up, 0.04 of LPIPS both ways."""
    values = {"psnr_db": psnr_db, "psnr_db_low": psnr_db - 0.5, "psnr_db_high": psnr_db + 0.1, "lpips": lpips}
    others = {"ms_ssim": 0.5, "ms_ssim_low": 0.49, "ms_ssim_high": 0.51, "bpp": 0.5625, "channel_uses": 12480}
    return (
        {"scheme": scheme, "snr_db": snr_db, "lpips_low": lpips - 0.04, "lpips_high": lpips + 0.04}
        | values
        | others
        | more
    )


@pytest.fixture
def made_up(tmp_path: Path) -> Path:
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    rows = [row("VQ", snr, 20 + snr, 0.5 - snr / 100) for snr in (0, 4, 10, 16)]
    rows += [row("J", snr, 19 + snr, 0.6, bpp=bpp) for snr, bpp in ((4, 0.25), (10, 0.5), (16, 0.125))]
    pd.DataFrame(rows).to_csv(tmp_path / "results.csv", index=False)
    (tmp_path / "training.json").write_text(json.dumps({"vqvae-short": 12.4, "other": 1}))
    return tmp_path


@SHIPPED
def test_the_table_of_the_cited_systems_is_that_of_the_files(made_up: Path) -> None:
    """Means with half their intervals, the span of bits and channel uses, parameters and minutes of the checkpoint."""
    head, rule, *lines = cited.table(made_up)
    assert head.count("|") == rule.count("|") == 15
    checkpoint = Checkpoint.from_bytes(find_checkpoint("vqvae-short")[1])
    arrays = [checkpoint.stages.codewords, *checkpoint.encoder.values(), *checkpoint.decoder.values()]
    size = f"{sum(array.size for array in arrays) / 1e6:.2f} M"
    vq = ["24.00 ± 0.30", "30.00 ± 0.30", "36.00 ± 0.30", *["0.500 ± 0.010"] * 3]
    vq += ["0.460 ± 0.040", "0.400 ± 0.040", "0.340 ± 0.040", "36,864", "12,480", size, "12"]
    jpeg = ["23.00 ± 0.30", "29.00 ± 0.30", "35.00 ± 0.30", *["0.500 ± 0.010"] * 3, *["0.600 ± 0.040"] * 3]
    jpeg += ["8,192 to 32,768", "12,480", "", ""]
    assert lines == [f"| VQ | {' | '.join(vq)} |", f"| J | {' | '.join(jpeg)} |"]


@SHIPPED
def test_a_training_that_was_not_measured_has_an_empty_cell(made_up: Path) -> None:
    (made_up / "training.json").unlink()
    lines = cited.table(made_up)
    assert lines[2].endswith(" M |  |")
    assert not any("nan" in line for line in lines)


@pytest.mark.parametrize("gone", [4, 10, 16])
def test_a_folder_without_an_snr_of_the_table_is_told_in_one_line(
    made_up: Path, gone: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = pd.read_csv(made_up / "results.csv")
    rows[(rows.scheme != "J") | (rows.snr_db != gone)].to_csv(made_up / "results.csv", index=False)
    monkeypatch.setattr(sys, "argv", ["cited", str(made_up)])
    with pytest.raises(SystemExit) as ended:
        cited.main()
    assert ended.value.code == 2
    rest = ", ".join(str(snr) for snr in (4, 10, 16) if snr != gone)
    out, said = capsys.readouterr()
    assert (out, said) == ("", f"{made_up / 'results.csv'}: scheme 'J' has no row at {gone} dB, only at {rest} dB\n")


def test_a_folder_without_results_or_without_a_scheme_s_rows_is_told(made_up: Path) -> None:
    rows = pd.read_csv(made_up / "results.csv")
    rows[rows.scheme != "VQ"].to_csv(made_up / "results.csv", index=False)
    with pytest.raises(InputError, match=r"results\.csv has no row of scheme 'VQ', which scenario\.yaml has"):
        cited.table(made_up)
    (made_up / "results.csv").unlink()
    with pytest.raises(InputError, match=r"no results\.csv; give a folder that `linksim run` has written"):
        folders.read_rows(made_up, ())


def variants(seeds_of: dict[str, dict[int, tuple[float, float]]]) -> pd.DataFrame:
    """Rows at 10 dB of PSNR and LPIPS by variant and seed; at 16 dB all is 99."""
    named = [(f"{name}, seed {seed}", pair) for name, own in seeds_of.items() for seed, pair in own.items()]
    return pd.DataFrame([row(name, 10, *pair) for name, pair in named] + [row(name, 16, 99, 99) for name, _ in named])


def test_percentages_are_those_against_the_baseline_of_the_same_seed() -> None:
    """Of +20 % and +50 % the mean is +35 %, with 21.2 % of spread; of the means, 20 and 27, it would be another."""
    rows = variants({"Proposed": {1: (12.0, 0.3), 2: (45.0, 0.1)}, "VQ-VAE": {2: (30.0, 0.4), 1: (10.0, 0.6)}})
    values = seeds.table(rows, 10.0)
    own = values.xs("Proposed", level="variant")
    assert own.psnr_db_percent.to_dict() == pytest.approx({"1": 20.0, "2": 50.0})
    assert own.lpips_percent.to_dict() == pytest.approx({"1": -50.0, "2": -75.0})
    assert seeds.lines(values)[2:] == [
        "| Proposed | 28.50 ± 23.33 | +35.0 ± 21.2 | 0.200 ± 0.141 | -62.5 ± 17.7 |",
        "| VQ-VAE | 20.00 ± 14.14 |  | 0.500 ± 0.141 |  |",
    ]


def test_one_seed_has_no_spread() -> None:
    rows = variants({"VQ-VAE": {1: (10.0, 0.6)}, "Two, with a comma": {1: (11.0, 0.3)}})
    assert seeds.lines(seeds.table(rows, 10.0))[2:] == [
        "| VQ-VAE | 10.00 |  | 0.600 |  |",
        "| Two, with a comma | 11.00 | +10.0 | 0.300 | -50.0 |",
    ]


@pytest.mark.parametrize(
    ("seeds_of", "arguments", "said"),
    [
        ({"VQ-VAE": {1: (1, 1)}}, ["--snr", "7"], "scheme 'VQ-VAE, seed 1' has no row at 7 dB, only at 10, 16 dB"),
        ({"VQ-VAE": {1: (1, 1)}, "P": {1: (1, 1), 3: (1, 1)}}, [], "no scheme 'VQ-VAE, seed 3', which those of that seed"),
    ],
)  # fmt: skip
def test_seeds_that_cannot_be_compared_are_told_in_one_line(
    seeds_of: dict[str, Any],
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    variants(seeds_of).to_csv(tmp_path / "results.csv", index=False)
    monkeypatch.setattr(sys, "argv", ["seeds", str(tmp_path), *arguments])
    with pytest.raises(SystemExit) as ended:
        seeds.main()
    assert ended.value.code == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert errors.count("\n") == 1


def test_a_scheme_without_a_seed_in_its_name_is_told() -> None:
    rows = pd.concat([variants({"VQ-VAE": {1: (1, 1)}}), pd.DataFrame([row("BPG", 10, 1, 1)])])
    with pytest.raises(InputError, match="scheme 'BPG': no seed in its name"):
        seeds.table(rows, 10.0)
