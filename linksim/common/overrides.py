"""`--set sweep.snr_db=[10]`: dotted overrides on the plain data of a YAML file, before validation."""

from typing import Any

from linksim.common.errors import InputError
from linksim.common.yaml_files import parse_yaml


def apply_overrides(data: dict[str, Any], overrides: tuple[str, ...] | list[str]) -> dict[str, Any]:
    """Copy of `data` with every `path=value` applied in order.

    A path walks through mappings by key and through lists by index (`schemes.0.quality`) or by the `name` of
    the item (`schemes.JPEG+LDPC.quality`; names with dots included). The value is read as YAML.
    Whether the key exists is checked afterwards, by the model. Raises `InputError`.
    """
    result = _copy(data)
    for override in overrides:
        path, equals, text = override.partition("=")
        source = f"--set {' '.join(override.split())}"
        if not equals or not path.strip():
            raise InputError(f"{source}: expected KEY=VALUE, for example sweep.snr_db=[10]")
        _assign(result, path.strip(), parse_yaml(text, source), source)
    return result


def _copy(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _copy(value) for key, value in data.items()}
    return [_copy(value) for value in data] if isinstance(data, list) else data


def _assign(node: Any, path: str, value: Any, source: str) -> None:
    if isinstance(node, list):
        index, rest = _item(node, path, source)
        if rest:
            _assign(node[index], rest, value, source)
        else:
            node[index] = value
        return
    if not isinstance(node, dict):
        raise InputError(f"{source}: {path!r} would be a field of {node!r}, which has no fields")
    key, _, rest = path.partition(".")
    if not key:
        raise InputError(f"{source}: empty key in the path; expected for example sweep.snr_db=[10]")
    if not rest:
        node[key] = value
        return
    if not isinstance(node.get(key), dict | list):
        node[key] = {}
    _assign(node[key], rest, value, source)


def _item(items: list[Any], path: str, source: str) -> tuple[int, str]:
    """Index of the item that `path` starts with, and the rest of the path."""
    names = [str(item["name"]) if isinstance(item, dict) and "name" in item else None for item in items]
    matches = [(len(name), i) for i, name in enumerate(names) if name and (path == name or path.startswith(name + "."))]
    if matches:
        length, index = max(matches)
        return index, path[length + 1 :]
    head, _, rest = path.partition(".")
    if head.isdecimal() and int(head) < len(items):
        return int(head), rest
    known = ", ".join(name for name in names if name)
    allowed = f"an index from 0 to {len(items) - 1}" + (f" or one of: {known}" if known else "")
    raise InputError(f"{source}: no item {head!r}; allowed: {allowed if items else 'nothing, the list is empty'}")
