"""Hostile results folders: `python tests/hostile/fuzz_folders.py [CASES] [SEED]`.

A sound folder with one or two files cut, emptied, changed, replaced by rubbish, by a folder, by a link, or with other JSON in
them; `table`, `plot`, `compare` and `report` end in a result or in one line that names the file. A figure is drawn in one case
of twenty, since drawing takes long and depends on the tables alone.
"""

import contextlib
import csv
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from hostile import Tally, changed, from_command_line, mutate, pick

from linksim.common.seeds import generator
from linksim.reports import page, plots
from linksim.reports.comparison import compare
from linksim.reports.page.load import load_run
from linksim.reports.plots.drawing import figure
from linksim.reports.plots.table import read_curves
from linksim.reports.tables import latex_tables, results_json, results_table, selected_csv
from linksim.reports.tables.text import COLUMNS
from linksim.results.examples import save_example
from linksim.results.files import write_tables
from linksim.results.lines import measured, read_lines
from linksim.results.row import empty_row

CELLS = (
    "",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "x",
    "ok",
    "infeasible",
    "-1",
    "1e-320",
    '"',
    "\0",
    "é",
    "{}",
    "[]",
    "9" * 400,
    "\ud800",
    " ",
)


def sound(folder: Path) -> None:
    """A finished run of two schemes over two images."""
    folder.mkdir()
    groups = []
    for scheme, base in (("JPEG", 20.0), ("VQ-VAE", 24.0)):
        for snr in (0.0, 10.0):
            rows = []
            for i in range(2):
                row = empty_row(scheme, snr, 0, f"image{i}", (48, 48))
                row |= {
                    "status": "ok",
                    "psnr_db": base + snr / 10 + i,
                    "source_bits": 100,
                    "n_blocks": 2,
                    "channel_uses": 60,
                }
                row |= {
                    "bit_errors": i,
                    "block_errors": i,
                    "rho": 0.1,
                    "bpp": 0.5,
                    "iterations": 3.0,
                    "ebn0_db": snr - 3,
                }
                row |= dict.fromkeys(("filler_bits", "crc_bits", "information_bits", "coded_bits"), 5)
                rows.append(row)
            groups.append(rows)
            picture = generator(scheme, snr).integers(0, 256, (48, 48, 3)).astype(np.uint8)
            save_example(folder, "image0", scheme, snr, picture, picture, base, False)
    write_tables(folder, iter(groups), ("psnr",))
    info = {
        "name": "a",
        "finished": True,
        "images": {"count": 2, "sha256": "0", "skipped": {}},
        "versions": {"linksim": "0.1"},
    }
    (folder / "run.json").write_text(json.dumps(info | {"metrics_unavailable": {}, "seconds": {"link": 1.5}}))
    (folder / "scenario.yaml").write_text(
        "name: a\nschemes:\n- {name: JPEG, kind: jpeg, rate_match: VQ-VAE}\n- {name: VQ-VAE, kind: semantic}\n"
    )


def damage(path: Path, random: np.random.Generator) -> None:
    """One thing about a file that is wrong."""
    data = path.read_bytes() if path.is_file() else b""
    if not path.is_file():  # a pipe of an earlier damage waits for a reader
        path.unlink(missing_ok=True)
    match random.integers(12):
        case 0:
            path.write_bytes(data[: int(random.integers(len(data) + 1))])
        case 1:
            path.write_bytes(
                pick(random, (b"", b"null", b"[]", b"{}", b"\xff\xfe", b"PAR1PAR1", b"[" * 5000, b"a: &a [*a]"))
            )
        case 2:
            path.write_bytes(random.bytes(int(random.integers(1, 5000))))
        case 3:
            path.unlink(missing_ok=True)
        case 4:
            path.unlink(missing_ok=True)
            path.mkdir()
        case 5:
            path.unlink(missing_ok=True)
            pick(
                random,
                (lambda: path.symlink_to("nowhere"), lambda: path.symlink_to("/dev/zero"), lambda: os.mkfifo(path)),
            )()
        case 6 | 7 if path.suffix == ".json":
            with contextlib.suppress(ValueError):
                path.write_bytes(json.dumps(changed(json.loads(data), random)).encode("utf-8", "surrogatepass"))
        case 6 | 7 | 8 if path.suffix == ".csv" and data:
            rows = [
                row
                for row in csv.reader(io.StringIO(data.decode("utf-8", "replace").replace("\0", ""), newline=""))
                if row
            ] or [["x"]]
            for _ in range(random.integers(1, 4)):
                row = pick(random, rows)
                row[int(random.integers(len(row)))] = pick(random, CELLS)
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(rows)
            path.write_bytes(text.getvalue().encode("utf-8", "surrogatepass"))
        case _:
            path.write_bytes(mutate(data, random))


def _table(folder: Path) -> None:
    lines = read_lines(folder, COLUMNS)
    names = measured(lines)
    results_table(lines, names), latex_tables(lines, names), selected_csv(lines, names), results_json(lines, names, "a")


COMMANDS: dict[str, Callable[[Path], object]] = {
    "table": _table,
    "curves": lambda folder: read_curves([folder], "psnr"),
    "compare": lambda folder: compare([folder], "psnr", "JPEG"),
    "report": lambda folder: page.write([folder], folder / "report.html"),
    "load": load_run,
}
DRAWING: dict[str, Callable[[Path], object]] = {
    "plot": lambda folder: plots.plot_run(folder, formats=["png"]),
    "gains": lambda folder: figure(read_curves([folder], "psnr"), "psnr", "JPEG"),
}


def fuzz(cases: int, seed: int) -> Tally:
    """Counts of outcomes by command."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as base:
        start, folder = Path(base, "sound"), Path(base, "run")
        sound(start)
        files = sorted(path.relative_to(start) for path in start.rglob("*") if path.is_file() and path.name != ".lock")
        main = [file for file in files if len(file.parts) == 1]
        for number in range(cases):
            random = np.random.default_rng([seed, number])
            shutil.copytree(start, folder)
            for _ in range(random.integers(1, 3)):
                chosen = folder / pick(random, main if random.random() < 0.7 else files)
                if not chosen.is_dir() and chosen.parent.is_dir():
                    chosen = chosen if not chosen.is_symlink() else folder / "run.json"
                    with contextlib.suppress(FileExistsError):
                        damage(chosen, random)
            command = pick(random, list(DRAWING if number % 20 == 0 else COMMANDS))
            tally.check(
                f"folder {command}", f"{number} of seed {seed}", lambda c=command: (COMMANDS | DRAWING)[c](folder)
            )  # type: ignore[misc]
            shutil.rmtree(folder)
    return tally.finish()


if __name__ == "__main__":
    from_command_line(fuzz, 5_000)
