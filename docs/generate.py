"""MkDocs hook that fills in what the code knows better than a writer: keys of scenario and training files, source files, results.

A page says `<!-- reference: scenario -->` or `<!-- reference: training -->` where the tables belong, `<!-- file: PATH -->` where a file of the
repository does, and `<!-- results: NAME COLUMN -->` where a table of `results/NAME/results.csv` does. Types, defaults and ranges come from
the pydantic models' JSON schema; so do descriptions, and `meanings.yml` has those that the models leave to the name of the key.
"""

import csv
import inspect
import json
import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from linksim.common.model import FILE_NAME

Schema = dict[str, Any]

MEANINGS: dict[str, dict[str, str]] = yaml.safe_load(Path(__file__).with_name("meanings.yml").read_text("utf-8"))


def reference(model: type[BaseModel]) -> str:
    """Markdown: a section with a table of keys for `model` and for every model below it."""
    schema = model.model_json_schema()
    definitions: dict[str, Schema] = schema.get("$defs", {})
    sections: list[str] = []
    seen: set[str] = set()

    def visit(name: str, body: Schema, path: str) -> None:
        if name in seen:
            return
        seen.add(name)
        sections.append(_section(name, body, path, definitions))
        for key, field in body["properties"].items():
            below = f"{path}.{key}" if path else key
            for child in _references(field):
                is_list = field.get("type") == "array"
                visit(child, definitions[child], below + ("[]" if is_list else ""))

    visit(model.__name__, schema, "")
    return "\n\n".join(sections)


def meaning(name: str, key: str, field: Schema, body: Schema) -> str:
    """What a key means: of the field, of the model's docstring, or of `meanings.yml`; "" where nobody says it."""
    described = field.get("description") or _attributes(body.get("description", "")).get(key)
    return str(described or MEANINGS.get(name, {}).get(key, ""))


def _section(name: str, body: Schema, path: str, definitions: dict[str, Schema]) -> str:
    kind = body["properties"].get("kind", {}).get("const")
    title = "The file" if not path else f"`{path}`" + (f" with `kind: {kind}`" if kind else "")
    intro = inspect.cleandoc(body.get("description", "")).split("\n\nAttributes:")[0]
    lines = [
        f"## {title} {{ #{name.lower()} }}",
        "",
        intro,
        "",
        "| key | type | default | meaning |",
        "| --- | --- | --- | --- |",
    ]
    for key, field in body["properties"].items():
        default = "needed" if key in body.get("required", ()) else _default(field.get("default"))
        cells = (f"`{key}`", _type(field, definitions), default, meaning(name, key, field, body))
        lines.append("| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def _attributes(docstring: str) -> dict[str, str]:
    """The `Attributes:` part of a docstring by name."""
    _, _, part = docstring.partition("Attributes:\n")
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", part, re.MULTILINE)
    return {key: " ".join(text.split()) for key, text in entries}


def _references(field: Schema) -> list[str]:
    """Names of the models that a field may hold, in order."""
    if "$ref" in field:
        return [field["$ref"].rsplit("/", 1)[-1]]
    parts = [*field.get("oneOf", ()), *field.get("anyOf", ()), *([field["items"]] if "items" in field else ())]
    return [name for part in parts for name in _references(part)]


def _type(field: Schema, definitions: dict[str, Schema]) -> str:
    """A field's type and range in words."""
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[-1]
        kind = definitions[name]["properties"].get("kind", {}).get("const")
        return f"[{kind or 'mapping'}](#{name.lower()})"
    for union in ("oneOf", "anyOf"):
        if union in field:
            return " or ".join(_type(part, definitions) for part in field[union])
    if "const" in field:
        return f"`{_text(field['const'])}`"
    if "enum" in field:
        return ", ".join(f"`{_text(value)}`" for value in field["enum"])
    if field["type"] == "array":
        return _list_type(field, definitions)
    names = {
        "integer": "whole number",
        "number": "number",
        "string": "text",
        "boolean": "true or false",
        "null": "null",
    }
    return f"{names[field['type']]}{_range(field)}"


def _list_type(field: Schema, definitions: dict[str, Schema]) -> str:
    if "prefixItems" in field:
        return f"list of {len(field['prefixItems'])}: {_type(field['prefixItems'][0], definitions)} each"
    least = ", at least one" if field.get("minItems") == 1 else ""
    return f"list of: {_type(field['items'], definitions)}{least}"


def _range(field: Schema) -> str:
    words = {
        "minimum": "≥",
        "exclusiveMinimum": ">",
        "maximum": "≤",
        "exclusiveMaximum": "<",
        "multipleOf": "multiple of",
    }
    parts = [f"{words[key]} {_text(field[key])}" for key in words if key in field]
    if field.get("pattern") == FILE_NAME:
        parts.append("letters, digits, `.`, `_`, `-`")
    if "maxLength" in field:
        parts.append(f"{field.get('minLength', 0)} to {field['maxLength']} characters")
    elif "minLength" in field:
        parts.append("not empty")
    return f" ({', '.join(parts)})" if parts else ""


def _default(value: Any) -> str:
    if isinstance(value, dict):
        return f"`{{kind: {value['kind']}}}`" if set(value) == {"kind"} else "as below"
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return f"{len(value)} entries"
    return f"`{_text(value)}`"


def _text(value: Any) -> str:
    """A value as YAML has it."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) and value else json.dumps(value)


def included(match: re.Match[str]) -> str:
    """A file of the repository as a fenced block."""
    path = Path(__file__).parents[1] / match[1]
    language = {".py": "python", ".toml": "toml"}[path.suffix]
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
    from linksim.scenario import Scenario
    from linksim.training.config import TrainConfig

    for name, model in (("scenario", Scenario), ("training", TrainConfig)):
        marker = f"<!-- reference: {name} -->"
        if marker in markdown:
            markdown = markdown.replace(marker, reference(model))
    markdown = re.sub(r"<!-- file: (\S+) -->", included, markdown)
    results = Path(__file__).parents[1] / "results"
    return re.sub(
        r"<!-- results: (\S+) (\S+) -->", lambda m: results_table(results / m[1] / "results.csv", m[2]), markdown
    )
