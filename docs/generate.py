"""The reference of scenario and training files as pages of `docs/`, for readers of the files and of the site.

    python -m docs.generate

writes them anew, which is to be done when a key comes, goes or changes; a test compares the files with the models. Types, defaults and
ranges come from the pydantic models' JSON schema; so do descriptions, and `meanings.yml` has those that the models leave to the name of
the key.
"""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from linksim.common.model import FILE_NAME

Schema = dict[str, Any]

DOCS = Path(__file__).parent
COMMAND = "python -m docs.generate"
MEANINGS: dict[str, dict[str, str]] = yaml.safe_load((DOCS / "meanings.yml").read_text("utf-8"))

INTRODUCTION = {
    "scenario": "# Reference of scenario files\n\nEvery key of a scenario, from the top down. How the file is read, and what `--set` "
    "takes, is on the page [Scenario file](scenario.md).",
    "training": "# Reference of training files\n\nEvery key of a training file, from the top down. What the parts do together is on the "
    "page [Training file](training.md).",
    "training-deepjscc": "# Reference of training files with `kind: deepjscc`\n\nEvery key of a training file for deep joint "
    "source-channel coding, from the top down. What the parts do together is on the page [Symbols without a code](analog.md).",
}


def pages() -> dict[Path, str]:
    """The text of every generated page by its file."""
    from linksim.scenario import Scenario
    from linksim.training.config import TrainConfig
    from linksim.training.jscc.config import JsccRecipe

    models: dict[str, type[BaseModel]] = {
        "scenario": Scenario,
        "training": TrainConfig,
        "training-deepjscc": JsccRecipe,
    }
    return {
        DOCS / f"reference-{name}.md": f"<!-- Made by `{COMMAND}`; not to be edited. -->\n\n{INTRODUCTION[name]}\n\n"
        f"`needed` in the column of defaults means that there is none. Unknown keys are errors.\n\n{reference(model)}\n"
        for name, model in models.items()
    }


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
        f'<a id="{name.lower()}"></a>',
        "",
        f"## {title}",
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


def main() -> None:
    """Write the pages that are not current."""
    for file, text in pages().items():
        if not file.is_file() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8")
            print(f"written: {file}")


if __name__ == "__main__":
    main()
