"""Parts of the journal: the same rows as the journal has, whatever was lost of them, and none of another journal's."""

import itertools
import json
import math
import random
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linksim.results import PointStore, write_tables
from linksim.results.frame import Frame
from linksim.results.row import empty_row, pack
from linksim.results.storage import tail
from linksim.results.storage.parts import FOLDER, keys_of, stored_parts

METRICS = ("psnr", "ms_ssim")


def record(number, scheme="A", snr_db=10.0, images=3, **more):
    rows = [empty_row(scheme, snr_db, number, f"image {i}", (32, 48)) for i in range(images)]
    for i, row in enumerate(rows):
        if (number + i) % 5:
            row.update(status="ok", psnr_db=20.0 + number + i / 7, ms_ssim=math.nan, iterations=3.5, outage=not i % 2)
            row.update(
                source_bits=100, bit_errors=number % 7, n_blocks=4, block_errors=1, settings=json.dumps({"q": i})
            )
        row.update(more)
    return {
        "point": f"{scheme} {snr_db} {number}", "scheme": scheme, "snr_db": snr_db, "repetition": number,
        "rows": pack(rows), "skipped": {"x": "why"} if number == 2 else {}, "seconds": {"link": number / 8},
    }  # fmt: skip


RECORDS = [record(n, scheme, snr_db) for n in range(12) for scheme in ("B", "A") for snr_db in (10.0, -2.0)]


def fill(folder, rows_per_part, records=RECORDS):
    store = PointStore(folder, write=True, rows_per_part=rows_per_part)
    for one in records:
        store.add(one)
    store.close()


def ids(scheme, snr_db):
    return [f"{scheme} {snr_db} {n}" for n in range(12)]


def tables(folder, out, rows_per_part):
    out.mkdir()
    store = PointStore(folder, rows_per_part=rows_per_part)
    groups = (store.points(scheme, snr_db, ids(scheme, snr_db))[0] for scheme in "AB" for snr_db in (-2.0, 10.0))
    write_tables(out, groups, METRICS)
    return [(out / name).read_bytes() for name in ("results.csv", "images.parquet")]


@pytest.mark.parametrize("rows_per_chunk", [1, 7, 10**9])
@pytest.mark.parametrize("rows_per_part", [1, 10, 40, 1000])
def test_tables_do_not_depend_on_parts_chunks_or_order(tmp_path, rows_per_part, rows_per_chunk, monkeypatch):
    for name in ("plain", "parts"):
        (tmp_path / name).mkdir()
    fill(tmp_path / "plain", 10**9)
    monkeypatch.setattr(tail, "ROWS_PER_CHUNK", rows_per_chunk)
    shuffled = random.Random(1).sample(RECORDS, len(RECORDS))
    fill(tmp_path / "parts", rows_per_part, shuffled)
    assert (tmp_path / "parts" / FOLDER).exists() == (rows_per_part < 1000)
    assert tables(tmp_path / "plain", tmp_path / "a", 10**9) == tables(
        tmp_path / "parts", tmp_path / "b", rows_per_part
    )


def test_points_come_in_the_order_asked_with_their_seconds(tmp_path):
    fill(tmp_path, 20)
    store = PointStore(tmp_path)
    wanted = ["A 10.0 7", "A 10.0 2", "no such point", "A 10.0 11"]
    rows, infos = store.points("A", 10.0, wanted)
    assert rows.numbers("repetition").tolist() == [7] * 3 + [2] * 3 + [11] * 3
    assert [info["seconds"]["link"] for info in infos] == [7 / 8, 2 / 8, 11 / 8]
    assert [info["skipped"] for info in infos] == [{}, {"x": "why"}, {}]
    assert store.known(wanted).tolist() == [True, True, False, True]
    assert store["A 10.0 7"] == json.loads(json.dumps(store["A 10.0 7"]))
    assert len(store) == len(RECORDS)
    assert len(store.points("C", 10.0, wanted)[0]) == 0


def test_a_point_takes_few_bytes_of_memory(tmp_path):
    import pyarrow as pa

    count = 4000
    fill(tmp_path, 1000, [record(n, images=1) for n in range(count)])
    arrow = pa.total_allocated_bytes()
    tracemalloc.start()
    store = PointStore(tmp_path)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(store) == count
    assert pa.total_allocated_bytes() - arrow < count  # columns stay on disk until they are asked for
    assert taken < 60 * count


@pytest.mark.parametrize("lost", ["000001.points.arrow", "000002.rows.arrow", "000002.points.arrow"])
@pytest.mark.parametrize("how", ["gone", "empty", "junk"])
def test_a_lost_or_damaged_part_is_made_again(tmp_path, lost, how):
    (tmp_path / "run").mkdir()
    fill(tmp_path / "run", 20)
    before = tables(tmp_path / "run", tmp_path / "a", 20)
    path = tmp_path / "run" / FOLDER / lost
    path.unlink() if how == "gone" else path.write_bytes(b"" if how == "empty" else b"ARROW1\0\0" + b"\xff" * 500)
    fill(tmp_path / "run", 20)
    assert path.stat().st_size > 600
    assert tables(tmp_path / "run", tmp_path / "b", 20) == before


def test_a_part_that_ends_in_a_long_line_counts(tmp_path):
    lines = [record(n) | {"skipped": {"x": "y" * size}} for n, size in enumerate((10, 100_000, 2_000_000))]
    fill(tmp_path, 1, lines)
    for end in [len(line) for line in itertools.accumulate((tmp_path / "points.jsonl").read_bytes().splitlines(True))]:
        assert end in [stretch.end for stretch, _ in stored_parts(tmp_path)]
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / FOLDER).iterdir()}
    fill(tmp_path, 1, lines)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / FOLDER).iterdir()} == written


def test_lines_are_parsed_once(tmp_path, monkeypatch):
    """Neither tables in the middle of a run nor a part read what was written."""
    store = PointStore(tmp_path, write=True, rows_per_part=30)
    monkeypatch.setattr("linksim.results.storage.store._record", lambda _: pytest.fail("a line was parsed again"))
    for number, one in enumerate(RECORDS):
        store.add(one)
        rows, _ = store.points("A", 10.0, ids("A", 10.0))
        assert len(rows) == 3 * sum(r["scheme"] == "A" and r["snr_db"] == 10.0 for r in RECORDS[: number + 1])
    store.close()
    assert (tmp_path / FOLDER / "000002.points.arrow").exists()


def test_parts_of_another_journal_do_not_count(tmp_path):
    fill(tmp_path, 20)
    (tmp_path / "points.jsonl").unlink()
    fill(tmp_path, 20, [record(n, "C") for n in range(30)])
    store = PointStore(tmp_path)
    assert len(store) == 30
    assert "A 10.0 7" not in store
    assert len(store.points("C", 10.0, [f"C 10.0 {n}" for n in range(30)])[0]) == 90


def test_a_line_torn_within_a_part_is_done_again(tmp_path):
    fill(tmp_path, 10**9)
    path = tmp_path / "points.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:10], lines[10][:40] + b"\n", *lines[11:]]))
    fill(tmp_path, 20)
    store = PointStore(tmp_path)
    assert len(store) == len(RECORDS)
    assert all(store.known([one["point"] for one in RECORDS]))


def test_points_without_rows_and_columns_that_come_later(tmp_path):
    old = record(0)
    old["rows"]["columns"] = [name if name != "iterations" else "rounds" for name in old["rows"]["columns"]]
    records = [old, {**record(1), "rows": {"columns": [], "values": []}}, record(2), record(3, settings=math.nan)]
    (tmp_path / "a").mkdir()
    for rows_per_part in (1, 4, 100):
        (tmp_path / f"{rows_per_part}").mkdir()
        fill(tmp_path / f"{rows_per_part}", rows_per_part, records)
        rows, infos = PointStore(tmp_path / f"{rows_per_part}").points("A", 10.0, [one["point"] for one in records])
        assert len(infos) == 4
        assert rows.numbers("repetition").tolist() == [0] * 3 + [2] * 3 + [3] * 3
        assert np.isnan(rows.numbers("rounds")).tolist() == [True, False, False] + [True] * 6
        assert (rows.texts("settings")[0] < 0).tolist() == [False] * 6 + [True] * 3


@settings(max_examples=50)
@given(st.lists(st.sampled_from(["", "a", "b", None, 1.5, math.nan, True]), max_size=20), st.data())
def test_a_frame_is_its_rows(values, data):
    rows = [{"v": value, "n": number} for number, value in enumerate(values)]
    chosen = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    frame = Frame.of(rows).where(np.array(chosen, bool))
    left = [row for row, keep in zip(rows, chosen, strict=True) if keep]
    assert frame.numbers("n").tolist() == [row["n"] for row in left]
    for word in ("a", "b"):
        assert frame.is_word("v", word).tolist() == [row["v"] == word for row in left]
    if not any(isinstance(value, str) for value in values):
        expected = [math.nan if row["v"] is None else float(row["v"]) for row in left]
        np.testing.assert_array_equal(frame.numbers("v"), expected)


def test_keys_tell_points_apart():
    keys = keys_of(f"{n:064x}" for n in range(20_000))
    assert len(np.unique(keys, axis=0)) == 20_000
    assert keys.dtype == np.uint64
