"""The command line: fast help, exit statuses, one line on stderr for bad input."""

import json
import os
import resource
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

SCENARIO = """
name: cli
images: {{dataset: folder, path: {folder}}}
link: {{code: {{kind: none}}, modulation: {{kind: qam, bits_per_symbol: 2}}, channel: {{kind: awgn}}}}
sweep: {{snr_db: [20]}}
metrics: [psnr]
schemes:
  - {{name: JPEG, kind: jpeg, quality: 30}}
"""


def linksim(*arguments, **more):
    command = [sys.executable, "-m", "linksim", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, **more)


def assert_one_line(done, said):
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert said in done.stderr


@pytest.fixture
def folder(tmp_path):
    """Images of every kind that is converted."""
    folder = tmp_path / "images"
    folder.mkdir()
    rng = np.random.default_rng(1)
    rgb = rng.integers(0, 256, (20, 24, 3), np.uint8)
    Image.fromarray(rgb).save(folder / "rgb.png")
    Image.fromarray(rgb).convert("CMYK").save(folder / "cmyk.jpg")
    Image.fromarray(rgb[..., 0]).save(folder / "grey.png")
    Image.fromarray(np.dstack([rgb, rgb[..., :1]])).save(folder / "alpha.png")
    Image.fromarray(rgb[..., 0].astype(np.uint16) * 257).save(folder / "deep.png")
    return folder


@pytest.fixture
def scenario(tmp_path, folder):
    path = tmp_path / "s.yaml"
    path.write_text(SCENARIO.format(folder=folder))
    return path


def test_help_answers_within_half_a_second():
    # Processor time, which other work on the machine does not lengthen much; alone on it, it is the waiting time.
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = linksim("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert done.returncode == 0
    for command in [
        "run",
        "train",
        "plot",
        "table",
        "compare",
        "report",
        "codebook",
        "codec-rd",
        "data",
        "doctor",
        "schema",
    ]:
        assert command in done.stdout
    assert min(times) < 0.5


def test_version_and_schema():
    assert linksim("--version").stdout.strip()
    schema = json.loads(linksim("schema").stdout)
    assert {"name", "sweep", "schemes"} <= set(schema["properties"])


def test_unknown_command_and_option_are_bad_input():
    for arguments, said in (
        (["rnu"], "rnu"),
        (["run"], "SCENARIO.yaml"),
        (["run", "x.yaml", "--wrokers", "2"], "--wrokers"),
        (["run", "x.yaml", "--workers", "two"], "--workers"),
    ):
        assert_one_line(linksim(*arguments), said)


def test_no_command_shows_the_help():
    done = linksim()
    assert "codec-rd" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_says_how_to_go_on(monkeypatch, capsys):
    from linksim import cli

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("linksim.cli.run.load_scenario", interrupted)
    with pytest.raises(SystemExit) as stopped:
        cli.main(["run", "x.yaml"])
    assert stopped.value.code == 1
    assert "run it again to go on" in capsys.readouterr().err


def test_images_of_every_kind_are_converted(scenario, tmp_path):
    done = linksim("run", scenario, "--out", tmp_path / "out", "--no-figures")
    assert done.returncode == 0, done.stderr
    assert "JPEG" in done.stdout
    assert f"Written to {tmp_path / 'out'}" in done.stdout
    assert "20 dB" not in done.stderr  # no bar where there is no terminal


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["sweep.snr_bd=[1]"], "s.yaml: sweep.snr_bd: unknown key; did you mean snr_db?"),
        (["sweep.snr_db=[]"], "s.yaml: sweep.snr_db: []"),
        (["seed=one"], "s.yaml: seed: 'one' is not allowed"),
        (["schemes.JPEG.kind=jpg"], "did you mean jpeg?"),
        (
            ["schemes.JPEG={name: V, kind: semantic, checkpoint: vqvea}"],
            "s.yaml: schemes.V.checkpoint: unknown name 'vqvea'",
        ),
        (["schemes.JPEG={name: V, kind: semantic, checkpoint: none/such.npz}"], "none/such.npz"),
        (["images.path=/nowhere"], "s.yaml: images.path: /nowhere does not exist"),
    ],
)
def test_bad_scenarios(scenario, tmp_path, changes, said):
    options = [part for change in changes for part in ("--set", change)]
    assert_one_line(linksim("run", scenario, "--out", tmp_path / "out", *options), said)
    assert not (tmp_path / "out").exists()


def test_scenario_that_is_not_there(tmp_path):
    assert_one_line(linksim("run", tmp_path / "no.yaml"), "no such file")


def test_folder_without_images(scenario, tmp_path):
    (tmp_path / "empty").mkdir()
    done = linksim("run", scenario, "--out", tmp_path / "out", "--set", f"images.path={tmp_path / 'empty'}")
    assert_one_line(done, "no images in")


def test_small_and_truncated_images_are_named(scenario, folder, tmp_path):
    Image.new("RGB", (15, 40)).save(folder / "small.png")
    done = linksim("run", scenario, "--out", tmp_path / "out", "--no-figures")
    assert done.returncode == 2
    assert "small.png" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--workers", "0"], "--workers 0: at least 1"),
        (["--workers", "2", "--scheduler", "tcp://h:1"], "exclude each other"),
        (["--slurm", "job=3", "--no-figures"], "is not KEY=VALUE"),
    ],
)
def test_bad_options(scenario, tmp_path, options, said):
    assert_one_line(linksim("run", scenario, "--out", tmp_path / "out", *options), said)


def test_an_unknown_codec_is_said_before_images_are_looked_for(tmp_path):
    done = linksim("codec-rd", "--codec", "vvc", "--images", tmp_path / "absent")
    assert_one_line(done, "codec: 'vvc'; allowed are bpg, jpeg, bpg-420, bpg-444, jpeg-annex-k, jpeg2000, webp, avif")


def test_a_missing_reference_encoder_is_said_before_the_run(scenario, tmp_path):
    text = scenario.read_text().replace("kind: jpeg, quality: 30", "kind: bpg, qp: 30, encoder: bpgenc")
    scenario.write_text(text)
    done = linksim("run", scenario, "--out", tmp_path / "out", env={**os.environ, "PATH": str(tmp_path)})
    assert_one_line(done, "schemes.JPEG.encoder: bpgenc is not on the PATH")
    assert not (tmp_path / "out").exists()


def test_unexpected_errors_are_one_line_with_status_1(monkeypatch, capsys):
    from linksim import cli
    from linksim.cli import app

    def broken(*_, **__):
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(app, "app", broken)
    with pytest.raises(SystemExit) as stopped:
        cli.main([])
    assert stopped.value.code == 1
    assert capsys.readouterr().err == "linksim: unexpected RuntimeError: two lines (LINKSIM_DEBUG=1 shows where)\n"
