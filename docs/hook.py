"""MkDocs hook that fills in what the repository knows better than a writer: source files and results.

A page says `<!-- file: PATH -->` where a file of the repository belongs, and `<!-- results: NAME COLUMN -->` where a table of
`results/NAME/results.csv` does.
"""

import csv
import re
from pathlib import Path
from typing import Any


def included(match: re.Match[str]) -> str:
    """A file of the repository as a fenced block."""
    path = Path(__file__).parents[1] / match[1]
    language = {".py": "python", ".toml": "toml", ".yaml": "yaml"}[path.suffix]
    return f'```{language} title="{match[1]}"\n{path.read_text("utf-8")}```'


def results_table(file: Path, column: str) -> str:
    """Markdown: a column of a `results.csv`, schemes down and SNRs across, with half the 95 % interval; a line where there is no file."""
    if not file.is_file():
        return f"*There is no `{file.parent.name}/{file.name}` in this checkout; the command above makes it.*"
    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    snrs = list(dict.fromkeys(row["snr_db"] for row in rows))
    cells = {(row["scheme"], row["snr_db"]): _interval(row, column) for row in rows}
    head = [f"`{column}`", *(f"{float(snr):g} dB" for snr in snrs)]
    lines = [head, ["---"] * len(head)]
    lines += [
        [scheme, *(cells.get((scheme, snr), "") for snr in snrs)] for scheme in dict.fromkeys(s for s, _ in cells)
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _interval(row: dict[str, str], column: str) -> str:
    if not row[column]:
        return row["status"] if row["status"] != "ok" else ""
    places = 2 if column == "psnr_db" else 3
    value = f"{float(row[column]):.{places}f}"
    if not row.get(f"{column}_low"):
        return value
    return f"{value} ± {(float(row[f'{column}_high']) - float(row[f'{column}_low'])) / 2:.{places}f}"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """MkDocs calls this with every page."""
    markdown = re.sub(r"<!-- file: (\S+) -->", included, markdown)
    results = Path(__file__).parents[1] / "results"
    return re.sub(
        r"<!-- results: (\S+) (\S+) -->", lambda m: results_table(results / m[1] / "results.csv", m[2]), markdown
    )
