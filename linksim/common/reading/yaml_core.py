"""YAML 1.2 (core schema) on PyYAML's parser, which by itself follows YAML 1.1, without its traps and without
limitless input.

What differs from YAML 1.1: `1:20` is text and no base-60 number, `010` is ten and not eight (`0o10` is eight), `yes`,
`no`, `on` and `off` are words, dates are text, `1e3` and `-.5` are numbers (YAML 1.2.2, 10.3.2). Merge keys (`<<`)
work as in 1.1.
"""

import math
import re
from collections.abc import Hashable
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MAX_DEPTH = 50
MAX_VALUES = 100_000
MAX_DIGITS = 100

_TAG = "tag:yaml.org,2002:"
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
# Tag, pattern, and the characters that its text may begin with (PyYAML looks patterns up by them).
CORE_SCHEMA = (
    ("null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    ("bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")),
    ("int", re.compile(r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$"), list("-+0123456789")),
    (
        "float",
        re.compile(
            r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
        ),
        list("-+.0123456789"),
    ),
    ("merge", re.compile(r"^<<$"), ["<"]),
)


class CoreLoader(yaml.SafeLoader):
    """Plain data only: text, numbers, true, false, null, lists, and mappings whose keys are words given once.

    Raises `ConstructorError` for anything else, and for what is nested deeper than `MAX_DEPTH` or has more than
    `MAX_VALUES` values, aliases (`*name`) counted as often as they are used.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._values = 0
        self._sizes: dict[str, int] = {}

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        """The next node; stops before a structure is deeper or larger than is allowed."""
        event: Any = self.peek_event()
        mark, anchor = event.start_mark, event.anchor
        if isinstance(event, yaml.AliasEvent):
            if anchor in self.anchors and anchor not in self._sizes:
                raise ConstructorError(None, None, f"alias *{anchor} contains itself", mark)
            self._count(self._sizes.get(anchor, 0), mark)
            return super().compose_node(parent, index)
        if anchor is not None:  # YAML 1.2 lets a later anchor take the name of an earlier one
            self.anchors.pop(anchor, None)
            self._sizes.pop(anchor, None)
        before = self._values
        self._count(1, mark)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ConstructorError(None, None, f"nested deeper than {MAX_DEPTH} levels", mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        if anchor is not None:
            self._sizes[anchor] = self._values - before
        return node

    def _count(self, more: int, mark: Any) -> None:
        self._values += more
        if self._values > MAX_VALUES:
            what = f"more than {MAX_VALUES:,} values, aliases (*name) counted as often as they are used"
            raise ConstructorError(None, None, what, mark)

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        """The value of a node, children first (PyYAML would make them later, and share what is not finished)."""
        return super().construct_object(node, deep=True)


def _null(loader: CoreLoader, node: Node) -> None:
    loader.construct_scalar(_scalar(node))


def _bool(loader: CoreLoader, node: Node) -> bool:
    text = loader.construct_scalar(_scalar(node))
    if text not in _BOOLEANS:
        raise ConstructorError(None, None, f"{text[:40]!r} is neither true nor false", node.start_mark)
    return _BOOLEANS[text]


def _number(loader: CoreLoader, node: Node) -> int | float:
    text = loader.construct_scalar(_scalar(node))
    if len(text) > MAX_DIGITS:
        what = f"a number of {len(text):,} characters; at most {MAX_DIGITS} are allowed"
        raise ConstructorError(None, None, what, node.start_mark)
    special = text.lstrip("+-").lower() in (".inf", ".nan")
    try:
        if node.tag == _TAG + "int":
            return int(text, 8 if text.startswith("0o") else 16 if text.startswith("0x") else 10)
        # `.inf` and `.nan` stay what they are: the model that refuses them can name the field.
        value = float(text.replace(".", "", 1) if special else text)
    except ValueError:
        raise ConstructorError(None, None, f"{text[:40]!r} is no number", node.start_mark) from None
    if math.isinf(value) and not special:
        raise ConstructorError(None, None, f"{text[:40]} is larger than numbers can be", node.start_mark)
    return value


def _text(loader: CoreLoader, node: Node) -> str:
    text = loader.construct_scalar(_scalar(node))
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ConstructorError(None, None, "half of a surrogate pair is no character", node.start_mark)
    return text


def _list(loader: CoreLoader, node: Node) -> list[Any]:
    if not isinstance(node, SequenceNode):
        raise ConstructorError(None, None, "no list", node.start_mark)
    return [loader.construct_object(item) for item in node.value]


def _mapping(loader: CoreLoader, node: Node) -> dict[Hashable, Any]:
    """Keys as written; a merged mapping (`<<`) gives those that are not there, the first of several before the others."""
    if not isinstance(node, MappingNode):
        raise ConstructorError(None, None, "no mapping", node.start_mark)
    own: dict[Hashable, Any] = {}
    merged: dict[Hashable, Any] = {}
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            raise ConstructorError(None, None, "keys must be words", key.start_mark)
        if key.value in seen:
            raise ConstructorError(None, None, f"key {key.value[:40]!r} is given twice; keep one", key.start_mark)
        seen.add(key.value)
        if key.tag == _TAG + "merge":
            merged = _merged(loader, value)
        else:
            own[_text(loader, key)] = loader.construct_object(value)
    return {**{name: value for name, value in merged.items() if name not in own}, **own}


def _merged(loader: CoreLoader, node: Node) -> dict[Hashable, Any]:
    parts = node.value if isinstance(node, SequenceNode) else [node]
    merged: dict[Hashable, Any] = {}
    for part in parts:
        if not isinstance(part, MappingNode):
            raise ConstructorError(None, None, "`<<` takes a mapping, or a list of mappings", node.start_mark)
        for name, value in loader.construct_object(part).items():
            merged.setdefault(name, value)
    return merged


def _scalar(node: Node) -> ScalarNode:
    if not isinstance(node, ScalarNode):
        raise ConstructorError(None, None, "a single value is needed here", node.start_mark)
    return node


def _refused(_: CoreLoader, node: Node) -> None:
    raise ConstructorError(None, None, f"tag {str(node.tag)[:60]!r} is not for plain data", node.start_mark)


# Nothing of YAML 1.1 is taken over.
CoreLoader.yaml_implicit_resolvers = {}
CoreLoader.yaml_constructors = {}
for _name, _pattern, _first in CORE_SCHEMA:
    CoreLoader.add_implicit_resolver(_TAG + _name, _pattern, _first)
for _name, _constructor in (
    ("null", _null),
    ("bool", _bool),
    ("int", _number),
    ("float", _number),
    ("str", _text),
    ("merge", _text),
    ("seq", _list),
    ("map", _mapping),
):
    CoreLoader.add_constructor(_TAG + _name, _constructor)
CoreLoader.add_constructor(None, _refused)


class CoreDumper(yaml.SafeDumper):
    """Safe dumper that quotes every text that YAML 1.1 or 1.2 would read as something else."""


def _written(dumper: CoreDumper, text: str) -> ScalarNode:
    # Line breaks of Unicode are folded in other styles, and would come back as spaces.
    style = '"' if re.search("[\x85\u2028\u2029\ufeff]", text) else None
    return dumper.represent_scalar(_TAG + "str", text, style)


CoreDumper.add_representer(str, _written)
for _name, _pattern, _first in CORE_SCHEMA:
    CoreDumper.add_implicit_resolver(_TAG + _name, _pattern, _first)
