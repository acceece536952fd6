"""Pydantic's validation errors as one line: file, field, what was given, what is allowed, the nearest key."""

import re
import typing
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from linksim.common.errors import InputError
from linksim.common.model import PATTERNS
from linksim.common.nearest import did_you_mean

Location = tuple[int | str, ...]


def validation_problem(error: ValidationError, model: type[BaseModel], data: Any, source: str) -> InputError:
    """`InputError` for the first of the errors that validating `data` as `model` gave; the others are counted."""
    problems = _without_consequences(error.errors(include_url=False))
    # An unknown key often causes the other errors (a misspelt required field), so it goes first.
    problems.sort(key=lambda problem: problem["type"] != "extra_forbidden")
    locations = [
        _real_location(problem["loc"], data, problem["type"] in ("missing", "extra_forbidden")) for problem in problems
    ]
    location = locations[0]
    text = _text(problems[0], location, model, data)
    # The members of a union each say what they allow of one and the same value.
    alternatives = [p for p, place in zip(problems[1:], locations[1:], strict=True) if place == location]
    for alternative in alternatives:
        kind, context = _with_both_bounds(alternative, location, model, data)
        if kind in _WANTED and problems[0]["type"] == "literal_error":
            text += f", or {_WANTED[kind].format(**context)}"
    more = len(problems) - 1 - len(alternatives)
    field = _dotted(location, data)
    line = f"{source}: {field + ': ' if field else ''}{text}{f' (and {more} more)' if more else ''}"
    line = " ".join(line.split())
    return InputError(line if len(line) <= _LONGEST else f"{line[:_LONGEST]}...")


def quote_numbers(error: ValidationError, data: Any) -> bool:
    """Turn whole numbers in `data` into text where `error` says that this text is one of those allowed; whether there
    was any.
    """
    found = False
    for problem in error.errors(include_url=False):
        value = problem["input"]
        if problem["type"] != "literal_error" or type(value) is not int or repr(str(value)) not in _options(problem):
            continue
        location = _real_location(problem["loc"], data, False)
        node = data
        for part in location[:-1]:
            node = _child(node, part)
        if location and _child(node, location[-1]) == value:
            node[location[-1]] = str(value)
            found = True
    return found


def _options(problem: Any) -> list[str]:
    """What a literal may be, as Python writes it."""
    return str(problem["ctx"]["expected"]).replace(" or ", ", ").split(", ")


_LONGEST = 1500
"""Characters of an error; names and lists in a file may be of any length."""
_WANTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "model_type": "a mapping of `key: value`",
    "model_attributes_type": "a mapping of `key: value`",
    "dict_type": "a mapping of `key: value`",
    "string_too_short": "text of at least {min_length} characters",
    "string_too_long": "text of at most {max_length} characters",
    "string_pattern_mismatch": "{words}",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "at most {le}",
    "ge le": "{ge} to {le}",
    "ge lt": "at least {ge} and below {lt}",
    "gt le": "a number above {gt} and at most {le}",
    "gt lt": "a number above {gt} and below {lt}",
}
"""By pydantic's type of error, what is allowed, without Python's words for it; by two bounds where a number has both."""
_BOUNDS = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le"}


def _without_consequences(problems: list[Any]) -> list[Any]:
    """The errors without those that others cause: a list with a bad item is also called too short."""
    places = [problem["loc"] for problem in problems]
    return [
        problem
        for problem in problems
        if problem["type"] != "too_short"
        or not any(place[: len(problem["loc"])] == problem["loc"] != place for place in places)
    ]


def _text(problem: Any, location: Location, model: type[BaseModel], data: Any) -> str:
    kind, context = _with_both_bounds(problem, location, model, data)
    context = {key: f"{value:g}" if isinstance(value, float) else value for key, value in context.items()}
    given = _shown(problem["input"])
    if kind == "extra_forbidden":
        return _unknown_key(str(location[-1]), known_keys(model, data, location[:-1]))
    if kind == "missing":
        return "is missing; it must be given"
    if kind == "union_tag_not_found":
        key = str(context["discriminator"]).strip("'")
        return f"needs a field {key!r}; allowed: {', '.join(_tags(model, data, location, key))}"
    if kind == "union_tag_invalid":
        # Where a function tells the members apart, pydantic calls it `kind()`.
        key = str(context["discriminator"]).strip("'()")
        tag, expected = str(context["tag"]), str(context["expected_tags"])
        nearest = did_you_mean(tag, [part.strip("' ") for part in expected.split(",")])
        return f"unknown {key} {_shown(tag)}{nearest}; allowed: {expected}"
    if kind == "literal_error":
        value, options = problem["input"], _options(problem)
        unquoted = isinstance(value, str) and value in options
        nearest = (
            f"; write {value} without quotes" if unquoted else did_you_mean(str(value), [o.strip("'") for o in options])
        )
        return f"{given} is not allowed{nearest}; allowed: {context['expected']}"
    if kind == "string_pattern_mismatch":
        context["words"] = PATTERNS.get(context["pattern"], f"text like {context['pattern']}")
    if kind in _WANTED:
        wanted = _description(model, data, location) if kind in ("tuple_type", "too_short") else ""
        return f"{given} is not allowed; allowed: {wanted or _WANTED[kind].format(**context)}{_hint(kind, problem['input'])}"
    message = problem["msg"].removeprefix("Value error, ")
    if kind == "value_error":
        return message
    return f"{given} is not allowed: {message[0].lower()}{message[1:]}"


def _with_both_bounds(
    problem: Any, location: Location, model: type[BaseModel], data: Any
) -> tuple[str, dict[str, Any]]:
    """Type and values of an error; of a number beyond one of its two bounds, both (`ge le`)."""
    kind, context = problem["type"], problem.get("ctx", {})
    given = _BOUNDS.get(kind, "")
    words = [position for position, part in enumerate(location) if isinstance(part, str)]
    if not given or not words:
        return kind, context
    place, key = location[: words[-1]], location[words[-1]]  # what follows are items of lists
    fields = [m.model_fields[str(key)] for m in _models_at(model, data, place) if key in m.model_fields]
    found = [bounds for field in fields for bounds in _bounds(field) if bounds.get(given) == context[given]]
    if not found or any(bounds != found[0] for bounds in found) or len(found[0]) < 2:
        return kind, context
    number = type(context[given])
    return " ".join(sorted(found[0])), {name: number(value) for name, value in found[0].items()}


def _bounds(annotation: Any) -> list[dict[str, Any]]:
    """The bounds (`ge`, `gt`, `le`, `lt`) of every number in a field or an annotation, each by its name."""
    parts: tuple[Any, ...] = typing.get_args(annotation)
    metadata: list[Any] = []
    if isinstance(annotation, FieldInfo):
        parts, metadata = (annotation.annotation,), annotation.metadata
    elif typing.get_origin(annotation) is typing.Annotated:
        parts, metadata = parts[:1], [each for part in parts[1:] for each in getattr(part, "metadata", [part])]
    own = {name: getattr(each, name) for each in metadata for name in _BOUNDS.values() if hasattr(each, name)}
    return ([own] if own else []) + [bounds for part in parts for bounds in _bounds(part)]


_WORDS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
"""Booleans of YAML 1.1, which are words in YAML 1.2."""
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")


def _hint(kind: str, value: Any) -> str:
    """What was probably meant, or how it is written."""
    if kind == "string_type":
        return "; put it in quotes" if isinstance(value, bool | int | float) else ""
    if kind == "bool_type":
        word = _WORDS.get(str(value).lower()) or {"0": "false", "1": "true"}.get(str(value).lower(), str(value).lower())
        return f"; did you mean {word}?" if word in ("true", "false") else ""
    if kind in ("int_type", "int_from_float") and isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return f"; write {value:.0f}"
    if kind in ("float_type", "int_type", "int_from_float", "float_parsing", "int_parsing") and isinstance(value, str):
        if _NUMBER.fullmatch(value):
            return "; write it without quotes"
        for what, by in (("_", ""), (",", "."), ("−", "-")):
            if len(value) < 40 and _NUMBER.fullmatch(value.replace(what, by)):
                return f"; did you mean {value.replace(what, by)}?"
    return ""


def _unknown_key(key: str, known: list[str]) -> str:
    return f"unknown key{did_you_mean(key, known)}; allowed: {', '.join(known)}"


def _shown(value: Any) -> str:
    """The value as a file has it, at most 60 characters."""
    text = repr(list(value) if isinstance(value, tuple) else value)
    text = {"None": "null", "True": "true", "False": "false"}.get(text, text)
    return text if len(text) <= 60 else text[:57] + "..."


def _real_location(location: Location, data: Any, ends_in_key: bool) -> Location:
    """`location` without the tags of union members, which are no part of the file.

    `ends_in_key`: the last part is a key although the file does not have it.
    """
    real: list[int | str] = []
    node = data
    for position, part in enumerate(location):
        if (isinstance(node, dict) and part in node) or (isinstance(node, list) and isinstance(part, int)):
            node = _child(node, part)
        elif not (ends_in_key and position == len(location) - 1):
            continue
        real.append(part)
    return tuple(real)


def _dotted(location: Location, data: Any) -> str:
    """The path as `--set` takes it: items of a list by their name if they have one."""
    words: list[str] = []
    node = data
    for part in location:
        node = _child(node, part)
        name = node.get("name") if isinstance(part, int) and isinstance(node, dict) else None
        words.append(name if isinstance(name, str) else str(part))
    return ".".join(word if word.isprintable() and len(word) <= 80 else repr(word[:80])[1:-1] for word in words)


def known_keys(model: type[BaseModel], data: Any, location: Location) -> list[str]:
    """Keys allowed at `location` in `data`, following the models' annotations."""
    return list(dict.fromkeys(key for m in _models_at(model, data, location) for key in m.model_fields))


def _tags(model: type[BaseModel], data: Any, location: Location, key: str) -> list[str]:
    """Values that the discriminator `key` may have at `location`."""
    fields = [m.model_fields[key] for m in _models_at(model, data, location) if key in m.model_fields]
    return [str(tag) for field in fields for tag in typing.get_args(field.annotation)]


def _description(model: type[BaseModel], data: Any, location: Location) -> str:
    """What the model of the field at `location` says of it, where that is what the value has to be ("a list of ...")."""
    key = str(location[-1]) if location else ""
    fields = [m.model_fields[key] for m in _models_at(model, data, location[:-1]) if key in m.model_fields]
    text = fields[0].description if fields else None
    return text if text and text.startswith("a ") else ""


def _models_at(model: type[BaseModel], data: Any, location: Location) -> list[type[BaseModel]]:
    """Models that the part of `data` at `location` may be of."""
    models: list[type[BaseModel]] = [model]
    node = data
    for part in location:
        node = _child(node, part)
        if isinstance(part, str):
            annotations = [m.model_fields[part].annotation for m in models if part in m.model_fields]
            models = [found for annotation in annotations for found in _models_in(annotation)]
        if isinstance(node, dict):
            models = [m for m in models if _tag_fits(m, node)] or models
    return models


def _child(node: Any, part: int | str) -> Any:
    if isinstance(node, dict):
        return node.get(part)
    # A list may be too short for an item that is said to be missing.
    return node[part] if isinstance(node, list) and isinstance(part, int) and part < len(node) else None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in typing.get_args(annotation) for model in _models_in(part)]


def _tag_fits(model: type[BaseModel], node: dict[str, Any]) -> bool:
    """Whether `node`'s literal fields, such as `kind`, are those of `model`."""
    for key, field in model.model_fields.items():
        if typing.get_origin(field.annotation) is typing.Literal and key in node:
            return node[key] in typing.get_args(field.annotation)
    return True
