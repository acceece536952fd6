"""`--set sweep.snr_db=[10]`: dotted overrides on the plain data of a YAML file, before validation."""

from collections.abc import Mapping, Sequence
from typing import Any

from linksim.common.errors import InputError
from linksim.common.reading.plain import plain
from linksim.common.reading.yaml_core import MAX_DEPTH
from linksim.common.reading.yaml_files import parse_yaml

_SHOWN = 100


def apply_overrides(data: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """Copy of `data` with every `path=value` applied in order.

    A path walks through mappings by key and through lists by index (`schemes.0.quality`) or by the `name` of
    the item (`schemes.JPEG+LDPC.quality`; names with dots included). The value is read as YAML.
    Whether the key exists is checked afterwards, by the model. Raises `InputError`.
    """
    result: dict[str, Any] = plain(data, "scenario")
    if isinstance(overrides, str):
        raise InputError(
            f"overrides: {_short(overrides)!r} is one text; give a list of texts such as 'sweep.snr_db=[10]'"
        )
    for override in overrides:
        if not isinstance(override, str):
            raise InputError(f"overrides: {_short(override)} is no text; give texts such as 'sweep.snr_db=[10]'")
        path, equals, text = override.partition("=")
        source = f"--set {_short(override)}"
        if not equals or not path.strip():
            raise InputError(f"{source}: expected KEY=VALUE, for example sweep.snr_db=[10]")
        _assign(result, path.strip(), parse_yaml(text, source), source)
    return result


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _assign(node: Any, path: str, value: Any, source: str) -> None:
    for _ in range(MAX_DEPTH):
        key: Any
        if isinstance(node, list):
            key, rest = _item(node, path, source)
        elif isinstance(node, dict):
            key, _, rest = path.partition(".")
            if not key:
                raise InputError(f"{source}: empty key in the path; expected for example sweep.snr_db=[10]")
        else:
            raise InputError(f"{source}: {_short(path)!r} would be a field of {_short(node)!r}, which has no fields")
        if not rest:
            node[key] = value
            return
        if isinstance(node, dict) and not isinstance(node.get(key), dict | list):
            node[key] = {}
        node, path = node[key], rest
    raise InputError(f"{source}: a path of more than {MAX_DEPTH} keys; nothing is so deep")


def _item(items: list[Any], path: str, source: str) -> tuple[int, str]:
    """Index of the item that `path` starts with, and the rest of the path."""
    names = [str(item["name"]) if isinstance(item, dict) and "name" in item else None for item in items]
    matches = [(len(name), i) for i, name in enumerate(names) if name and (path == name or path.startswith(name + "."))]
    if matches:
        length, index = max(matches)
        return index, path[length + 1 :]
    head, _, rest = path.partition(".")
    if head.isascii() and head.isdecimal() and len(head) < 7 and int(head) < len(items):
        return int(head), rest
    known = ", ".join(name for name in names if name)
    allowed = f"an index from 0 to {len(items) - 1}" + (f" or one of: {known}" if known else "")
    raise InputError(
        f"{source}: no item {_short(head)!r}; allowed: {_short(allowed) if items else 'nothing, the list is empty'}"
    )
