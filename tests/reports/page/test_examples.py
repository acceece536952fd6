"""Example pictures: what is saved comes back, whoever saves and however often."""

import json
import multiprocessing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from linksim.common.errors import InputError
from linksim.metrics import psnr
from linksim.results.examples import save_example, slug
from linksim.results.reading.examples import FOLDER, MAX_SIDE, load_examples

SMOOTH = np.round(np.mgrid[0:48, 0:64].transpose(1, 2, 0) @ [[2, 0, 3], [1, 3, 0]]).astype(np.uint8)


def stored(folder, name):
    return np.asarray(Image.open(folder / FOLDER / name))


def test_pictures_come_back(tmp_path):
    damaged = SMOOTH[::-1].copy()
    save_example(tmp_path, "a/b.png", "BPG+LDPC", 10.0, SMOOTH, damaged, 21.98768, outage=True)
    save_example(tmp_path, "a/b.png", "BPG+LDPC", 2.5, SMOOTH, None)
    save_example(tmp_path, "a/b.png", "BPG+LDPC", 20.0, SMOOTH, SMOOTH, float("inf"))
    (image,) = load_examples(tmp_path)
    assert image["id"] == "a/b.png"
    assert [entry["snr_db"] for entry in image["received"]] == [2.5, 10.0, 20.0]
    nothing, bad, perfect = image["received"]
    assert (nothing["file"], nothing["psnr_db"], nothing["outage"]) == (None, None, False)
    assert (bad["scheme"], bad["psnr_db"], bad["outage"]) == ("BPG+LDPC", 21.9877, True)
    assert perfect["psnr_db"] is None
    assert psnr(stored(tmp_path, image["original"]), SMOOTH) > 35
    assert psnr(stored(tmp_path, bad["file"]), damaged) > 35
    assert not list((tmp_path / FOLDER).rglob("*.part"))


def test_saved_again_it_is_replaced(tmp_path):
    save_example(tmp_path, "a", "JPEG", 0.0, SMOOTH, SMOOTH, 1.0)
    save_example(tmp_path, "a", "JPEG", -0.0, SMOOTH, 255 - SMOOTH, 2.0)
    ((entry,),) = [image["received"] for image in load_examples(tmp_path)]
    assert entry["psnr_db"] == 2.0
    assert psnr(stored(tmp_path, entry["file"]), 255 - SMOOTH) > 35


def _save_all(folder, scheme):
    for snr in range(5):
        save_example(folder, "a", scheme, float(snr), SMOOTH, SMOOTH, 30.0)


def test_several_processes_lose_nothing(tmp_path):
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_save_all, args=(tmp_path, f"scheme {i}")) for i in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert len(load_examples(tmp_path)[0]["received"]) == 15


def test_large_pictures_are_reduced(tmp_path):
    save_example(tmp_path, "a", "JPEG", 0.0, np.zeros((40, 2000, 3), np.uint8), None)
    assert stored(tmp_path, "a/original.webp").shape[1] == MAX_SIDE


@given(st.text(max_size=80), st.text(max_size=80))
def test_slugs_are_folder_names_and_differ(one, other):
    assert "/" not in slug(one)
    assert slug(one) not in {"", ".", ".."}
    if one != other:
        assert slug(one) != slug(other)


def test_bad_input_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"uint8 array \[H, W, 3\]"):
        save_example(tmp_path, "a", "JPEG", 0.0, SMOOTH / 255, None)
    assert load_examples(tmp_path) == []
    (tmp_path / FOLDER).mkdir(exist_ok=True)
    (tmp_path / FOLDER / "index.json").write_text(json.dumps([1]))
    with pytest.raises(InputError, match=r"is no JSON of linksim \(a list in place of an object\)"):
        load_examples(tmp_path)
