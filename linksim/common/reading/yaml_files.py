"""YAML on disk <-> plain data; every syntax problem is one line with the place in the file."""

from pathlib import Path
from typing import Any

import yaml

from linksim.common.errors import InputError
from linksim.common.files import read_bytes
from linksim.common.reading.yaml_core import CoreDumper, CoreLoader

MAX_BYTES = 1_000_000


def parse_yaml(text: str, source: str) -> Any:
    """Plain data of the YAML 1.2 `text`; `source` names it in errors.

    Raises `InputError` with line and column for bad syntax, duplicate keys, tags that are not plain data, and what is
    too large.
    """
    if len(text) > MAX_BYTES:
        raise InputError(f"{source}: {len(text):,} characters; at most {MAX_BYTES:,} are allowed")
    try:
        return yaml.load(text, CoreLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = error.problem or "cannot be read"
        if problem.startswith("but ") and error.context:
            problem = f"{error.context}, {problem}"
        problem = " ".join(problem[:200].split())
        raise InputError(f"{source}{where}: not valid YAML: {problem}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{source}: not valid YAML: {' '.join(str(error).split())}") from None


def read_yaml(path: str | Path) -> dict[str, Any]:
    """The mapping in the YAML file `path`; `InputError` if it is missing, unreadable, too large or no mapping."""
    data = read_bytes(
        path, MAX_BYTES, "give the path of a YAML file; `linksim init FOLDER` lays out those that come with linksim"
    )
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise InputError(
            f"{path}: cannot be read (it is not UTF-8 text); save it as UTF-8, or give a YAML file"
        ) from None
    content = parse_yaml(text, str(path))
    if not isinstance(content, dict):
        kinds = {type(None): "empty", list: "a list", str: "text", bool: "true or false"}
        kind = kinds.get(type(content), "a number")
        raise InputError(f"{path}: the file is {kind}; a mapping of `key: value` lines is needed")
    return content


def dump_yaml(data: dict[str, Any]) -> str:
    """YAML text of plain data, keys in their order; read as YAML 1.2 or 1.1 it gives the same."""
    return yaml.dump(data, Dumper=CoreDumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
