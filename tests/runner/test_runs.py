"""Whole runs in real processes: resuming after SIGKILL, workers, a Dask cluster, folders that refuse."""

import json
import os
import resource
import signal
import subprocess

import pandas as pd
import pytest
from small_runs import POINTS, TEXT, assert_same_tables, command, points_in, run, wait_for_points

from linksim.results import read_images, read_results


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("scenario") / "small.yaml"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="module")
def reference(file, tmp_path_factory):
    """Folder of an uninterrupted run in one process."""
    out = tmp_path_factory.mktemp("reference") / "out"
    done = run(file, out)
    assert done.returncode == 0, done.stderr
    return out


def test_run_leaves_the_promised_files(reference):
    results = read_results(reference)
    assert len(results) == 32
    assert results["status"].eq("ok").all()
    assert results["n_images"].eq(3).all()
    images = read_images(reference)
    assert len(images) == 96
    assert (images["information_bits"] == images["source_bits"] + images["filler_bits"] + images["crc_bits"]).all()
    assert (images["channel_uses"] == images["coded_bits"] / 2).all()
    rho = images["channel_uses"] / (3 * images["height"] * images["width"])
    assert images["rho"].to_numpy() == pytest.approx(rho.to_numpy())
    details = json.loads((reference / "run.json").read_text())
    assert details["finished"]
    assert details["points"] == POINTS
    assert {"sionna-no-rt", "tensorflow", "linksim"} <= set(details["versions"])
    assert {"load", "encode", "link", "receive", "metrics"} <= set(details["seconds"])
    assert "lpips" not in details["seconds"]  # this scenario does not ask for it


def test_the_size_of_a_batch_changes_no_number(file, tmp_path):
    changes = ("--set", "metrics=[psnr, ms_ssim, ssim]", "--set", "sweep.snr_db=[6, 30]")
    for size in ("1", "3"):
        done = run(file, tmp_path / size, "--set", f"sweep.batch={size}", *changes)
        assert done.returncode == 0, done.stderr
    one, three = (read_images(tmp_path / size).sort_values(["scheme", "snr_db", "image"]) for size in ("1", "3"))
    pd.testing.assert_frame_equal(one.reset_index(drop=True), three.reset_index(drop=True), check_exact=True)


def test_lpips_is_a_stage_of_its_own(file, tmp_path, data_dir):
    out = tmp_path / "out"
    changes = ("metrics=[lpips, psnr]", "images.size=64", "sweep.snr_db=[30]")
    done = run(file, out, *(part for change in changes for part in ("--set", change)))
    assert done.returncode == 0, done.stderr
    details = json.loads((out / "run.json").read_text())
    assert details["seconds"]["lpips"] > 0
    assert details["seconds"]["metrics"] > 0
    assert details["metrics"]["lpips"]["net"] == "alex"
    assert read_images(out)[["psnr_db", "lpips"]].notna().all(axis=None)


def test_more_snr_is_no_worse_and_schemes_share_the_channel(reference):
    images = read_images(reference)
    coarse, fine = (images[images["scheme"] == name].set_index(["snr_db", "image"]) for name in ("Coarse", "Fine"))
    # The coarse file is shorter: wherever the fine one arrived whole, so did it.
    assert not coarse["outage"][~fine["outage"].astype(bool)].any()
    rates = read_results(reference).groupby("snr_db")["ber"].mean()
    assert rates[0] > rates[10] > rates[30]


@pytest.mark.parametrize("after", [1, 30])
def test_run_killed_at_any_moment_resumes_to_the_same_bytes(file, reference, tmp_path, after):
    out = tmp_path / "out"
    process = subprocess.Popen(command(file, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_points(out, process, after)
    process.send_signal(signal.SIGKILL)
    process.wait()
    stored = points_in(out)
    assert after <= stored <= POINTS
    done = run(file, out)
    assert done.returncode == 0, done.stderr
    assert_same_tables(out, reference)
    assert points_in(out) == POINTS


def test_two_workers_one_of_them_killed_give_the_same_bytes(file, reference, tmp_path):
    out = tmp_path / "out"
    process = subprocess.Popen(
        command(file, out, "--workers", "2"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for_points(out, process, 3)
    os.kill(worker_of(process.pid), signal.SIGKILL)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert_same_tables(out, reference)
    assert points_in(out) == POINTS


def worker_of(pid):
    """Process number of a spawned worker of `pid` (not of Python's resource tracker)."""
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        for child in children.read().split():
            with open(f"/proc/{child}/cmdline") as line:
                if "spawn_main" in line.read():
                    return int(child)
    raise AssertionError("no worker is running")


def test_adding_an_snr_repeats_nothing(file, reference, tmp_path):
    out = tmp_path / "out"
    assert run(file, out, "--set", "sweep.snr_db=[0, 4]").returncode == 0
    before = (out / "points.jsonl").read_bytes()
    assert run(file, out, "--set", "sweep.snr_db=[0, 4, 10]").returncode == 0
    after = (out / "points.jsonl").read_bytes()
    assert after.startswith(before)
    assert points_in(out) == 2 * 3 * 2
    every, part = read_results(reference), read_results(out)
    same = every[every["snr_db"].isin([0, 4, 10])].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, same, check_dtype=False)


def test_adaptive_repetitions_stop_when_the_interval_is_narrow(file, tmp_path):
    out = tmp_path / "out"
    done = run(
        file, out, "--set", "sweep.snr_db=[0, 40]", "--set", "sweep.precision={psnr_db: 2.5, max_repetitions: 40}"
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = read_results(out)
    width = (results["psnr_db_high"] - results["psnr_db_low"]) / 2
    missed = json.loads((out / "run.json").read_text()).get("precision_not_reached", [])
    assert {(m["scheme"], m["snr_db"]) for m in missed} == set(
        results.loc[width > 2.5, ["scheme", "snr_db"]].itertuples(index=False, name=None)
    )
    assert all(m["remedy"] == "images" for m in missed)  # three photographs differ by more than that
    assert ("so add images" in done.stdout) == bool(missed)
    assert results["repetitions"].max() > 1
    assert results["n_images"].eq(3).all()
    first = (out / "results.csv").read_bytes()
    again = run(
        file, out, "--set", "sweep.snr_db=[0, 40]", "--set", "sweep.precision={psnr_db: 2.5, max_repetitions: 40}"
    )
    assert again.returncode == 0
    assert (out / "results.csv").read_bytes() == first


def test_folder_of_another_scenario_is_refused(file, reference):
    for change in ("seed=2", "images.size=32", "link.modulation.bits_per_symbol=4", "name=other"):
        done = run(file, reference, "--set", change)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert change.partition("=")[0] in done.stderr


@pytest.mark.parametrize("out", ["/proc/nothing/out", "/dev/null/out"])
def test_folder_that_cannot_be_written(file, out):
    done = run(file, out)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "give a writable folder" in done.stderr


def test_full_disk_in_mid_run(file, reference, tmp_path):
    out = tmp_path / "out"
    done = run(file, out, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("run again; the results so far are kept")
    stored = points_in(out)
    assert 0 < stored < POINTS
    results = read_results(out)
    assert 0 < len(results) <= 32
    assert run(file, out).returncode == 0
    assert_same_tables(out, reference)


def test_unreadable_image_is_named_and_skipped_or_stops(file, tmp_path):
    from PIL import Image

    folder = tmp_path / "images"
    folder.mkdir()
    Image.new("RGB", (64, 64), "red").save(folder / "good.png")
    whole = (folder / "good.png").read_bytes()
    (folder / "bad.png").write_bytes(whole[: len(whole) // 2])
    options = ["--set", f"images={{dataset: folder, path: {folder}}}", "--set", "sweep.snr_db=[20]"]
    stopped = run(file, tmp_path / "a", *options)
    assert stopped.returncode == 2
    assert "bad.png" in stopped.stderr.splitlines()[-1]
    gone_on = run(file, tmp_path / "b", *options, "--set", "images.on_error=skip")
    assert gone_on.returncode == 0, gone_on.stderr
    assert "left out bad.png" in gone_on.stdout
    assert read_results(tmp_path / "b")["n_images"].eq(1).all()
