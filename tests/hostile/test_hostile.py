"""A little of the fuzzing of this folder at every run of the suite."""

import fuzz_checkpoints
import fuzz_folders
import fuzz_pictures
import pytest


def test_hostile_pictures_end_in_pixels_or_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    found = fuzz_pictures.fuzz(250, 7).outcomes
    assert found.total() == 250
    assert {"picture PNG read", "picture PNG refused", "picture TIFF refused", "picture other refused"} <= found.keys()
    assert "picture other read" not in found


def test_hostile_checkpoints_and_states_end_in_arrays_or_one_line() -> None:
    found = fuzz_checkpoints.fuzz(250, 7).outcomes
    assert found.total() == 250
    assert set(found) == {f"{kind} {end}" for kind in ("checkpoint", "state") for end in ("read", "refused")}


def test_hostile_folders_end_in_a_report_or_one_line() -> None:
    found = fuzz_folders.fuzz(60, 7).outcomes
    assert found.total() == 60
    assert {"folder load read", "folder report refused", "folder table refused"} <= found.keys()
