"""`linksim table`: the table of a finished run, for a terminal, a paper or another program."""

import sys
from pathlib import Path

from linksim.common.errors import InputError
from linksim.common.writing import write_bytes
from linksim.reports.tables import compressai_files, latex_tables, results_json, results_table, selected_csv
from linksim.reports.tables.text import COLUMNS
from linksim.results.frame import Row
from linksim.results.lines import measured, read_lines
from linksim.results.measures import how_to_get, measure
from linksim.results.reading.described import described_columns, read_described_scenario, read_info

FORMATS = ("text", "latex", "csv", "json", "compressai")


def table_command(folder: Path, form: str, metrics: list[str], out: Path | None) -> None:
    """Print the table of `folder`, or write it to the file `out`."""
    if form not in FORMATS:
        raise InputError(f"--format {form}: allowed are {', '.join(FORMATS)}")
    described = described_columns(read_described_scenario(folder), read_info(folder))
    lines = read_lines(folder, (*COLUMNS, *described))
    if form == "compressai":
        if out is None:
            raise InputError("--format compressai: one file for each scheme; give a folder with --out")
        _check(folder, lines, metrics)
        for name, content in compressai_files(lines, metrics or measured(lines), folder.resolve().name).items():
            write_bytes(out / name, content.encode())
            print(out / name)
        return
    text = _text(folder, lines, form, metrics)
    if out is None:
        sys.stdout.write(text)
    else:
        write_bytes(out, text.encode())
        print(out)


def _check(folder: Path, lines: list[Row], metrics: list[str]) -> None:
    for name in metrics:
        if measure(name).column not in lines[0]:
            raise InputError(f"metric {name!r}: has no column in {folder}/results.csv; {how_to_get(name)}")


def _text(folder: Path, lines: list[Row], form: str, metrics: list[str]) -> str:
    _check(folder, lines, metrics)
    names = metrics or measured(lines)
    if form == "latex":
        return latex_tables(lines, names)
    if form == "csv":
        return selected_csv(lines, names)
    if form == "json":
        return results_json(lines, names, folder.resolve().name)
    return results_table(lines, names, rates=not metrics) + "\n"
