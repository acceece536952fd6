"""`linksim budget` says before a run what the run's rows say after it."""

import json
from pathlib import Path

import pytest

import linksim
from linksim.cli import main
from linksim.results import read_images

LEDGER = ("source_bits", "filler_bits", "crc_bits", "information_bits", "coded_bits", "channel_uses", "n_blocks")
SCENARIO = """
name: costs
images: {dataset: samples, count: 2, size: 64}
link:
  code: {kind: ldpc5g, rate: 0.5, block_bits: 256, decoder: layered}
  modulation: {bits_per_symbol: 4}
  channel: {kind: awgn}
sweep: {snr_db: [0, 25]}
metrics: [psnr]
schemes:
  - {name: Reference, kind: jpeg, quality: 40}
  - {name: By name, kind: webp, rate_match: Reference}
  - {name: By rho, kind: jpeg2000, rho: 1/4}
  - {name: By uses, kind: avif, speed: 10, channel_uses: 4000}
  - {name: By bpp, kind: jpeg, bpp: 2.5}
  - {name: Fixed MCS, kind: webp, rho: 0.3, mcs: {kind: fixed, rate: 0.75, bits_per_symbol: 6}}
  - {name: Tiny, kind: webp, rho: 0.001}
  - {name: After tiny, kind: jpeg, rate_match: Tiny}
  - {name: Bound, kind: webp, rho: 0.25, mcs: {kind: capacity}}
  - name: Adaptive
    kind: webp
    rho: 1/4
    mcs:
      kind: adaptive
      validation: {dataset: samples, count: 1, size: 64}
      grid: [{rate: 0.5, bits_per_symbol: 1}, {rate: 0.75, bits_per_symbol: 6}]
  - {name: After adaptive, kind: jpeg, rate_match: Adaptive}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "costs.yaml"
    path.write_text(SCENARIO)
    return path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict]:
    main(["budget", *arguments, "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert printed["image"] == "astronaut"
    assert printed["size"] == [64, 64]
    return printed["schemes"]


def test_the_ledger_is_that_of_a_run(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = told(capsys, str(file))
    linksim.run(file, out=tmp_path / "out", figures=False)
    images = read_images(tmp_path / "out")
    images = images[images["image"] == "astronaut"].set_index(["scheme", "snr_db"])
    compared = 0
    for row in rows:
        snrs = [float(row["sent"].removesuffix(" dB"))] if row["sent"].endswith(" dB") else [0.0, 25.0]
        if row["scheme"] in ("Adaptive", "After adaptive"):
            continue
        for snr_db in snrs:
            measured = images.loc[(row["scheme"], snr_db)]
            if row["note"]:
                assert row["note"] == f"infeasible: {measured['reason']}"
                continue
            assert [row[key] for key in LEDGER] == [measured[key] for key in LEDGER], row["scheme"]
            assert row["rho"] == pytest.approx(measured["rho"])
            assert row["bpp"] == pytest.approx(measured["bpp"])
            assert row["settings"] == json.loads(measured["settings"])
            assert row["budget"] is None or row["channel_uses"] <= row["budget"]
            compared += 1
    assert compared == 2 * 6 + 2
    choices = {row["sent"]: row for row in rows if row["scheme"] == "Adaptive"}
    assert list(choices) == ["rate 0.5, 1 bits a symbol", "rate 0.75, 6 bits a symbol"]
    at_25 = images.loc[("Adaptive", 25.0)]
    assert json.loads(at_25["settings"])["bits_per_symbol"] == 6
    assert choices["rate 0.75, 6 bits a symbol"]["channel_uses"] == at_25["channel_uses"]


def test_what_only_a_run_can_tell_is_said(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes = {row["scheme"]: row["note"] for row in told(capsys, str(file)) if row["note"]}
    assert notes == {
        "Tiny": "infeasible: no webp file fits 12 channel uses",
        "After tiny": "infeasible: no jpeg file fits 0 channel uses",
        "Adaptive": "infeasible: no webp file fits 3072 channel uses",  # with 1 bit a symbol
        "After adaptive": "its budget is what Adaptive takes, which a run chooses on validation images",
    }


def test_nothing_is_written_and_overrides_count(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (row, *_) = told(capsys, str(file), "--set", "schemes=[{name: A, kind: jpeg, bpp: 3}]")
    assert row["budget"] == 3 * 64 * 64 // 232 * 128
    assert [path.name for path in tmp_path.iterdir()] == ["costs.yaml"]


def test_the_transmitter_is_not_asked_for_the_channel(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scheme = "{name: A, kind: semantic, checkpoint: vqvae, transmitter: {kind: channel-optimized}}"
    (row,) = told(capsys, str(file), "--set", f"schemes=[{scheme}]")
    assert row["sent"] == ""
    assert row["source_bits"] == 16 * 16 * 9


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("schemes=[{name: A, kind: semantic, checkpoint: nothing}]", "schemes.A.checkpoint"),
        ("schemes=[{name: A, kind: jpeg, rho: 0}]", "rho"),
        ("images={dataset: folder, path: /nothing}", "does not exist"),
    ],
)
def test_bad_input_is_one_line(file: Path, override: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["budget", str(file), "--set", override])
    assert stop.value.code == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert errors.count("\n") == 1
