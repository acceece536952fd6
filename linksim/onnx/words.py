"""Names and messages out of a model file, fit for one line of a terminal."""

import re

MOST_NAME = 60
MOST_TEXT = 240

_IN_PARENTHESES = r"\((?:[^()]|\([^()]*\))*\)"
_SOURCE_PLACE = re.compile(
    # A file and a line, then the whole signature of a C++ function, or its name alone.
    rf"\S+\.(?:cc|h|cpp):\d+\s+(?:[\w:~<>*&,\[\] ]*::[\w~<>]+{_IN_PARENTHESES}(?: const\b)?(?: \[with [^\]]*\])?|\w+)?\s*"
)
_NODE = re.compile(r"Non-zero status code returned while running (\w+) node\. Name:('[^']*') Status Message: ")
_PREFIX = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ")


def quoted(name: str) -> str:
    """A name of a model in quotes: in one line, without control characters, and not too long."""
    text = repr(name)
    text = "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
    return text if len(text) <= MOST_NAME else f"{text[:MOST_NAME]}...'"


def said(error: BaseException) -> str:
    """What ONNX Runtime says of a failure, without its prefix and places in its source."""
    text = _NODE.sub(_node, _PREFIX.sub("", " ".join(str(error).split())))
    text = _SOURCE_PLACE.sub("", text)
    text = "".join(c if c.isprintable() else "?" for c in text).strip()
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}..."


def _node(found: "re.Match[str]") -> str:
    name = "" if found[2] == "''" else f" {quoted(found[2][1:-1])}"
    return f"node {found[1]}{name}: "


def shape_text(shape: "tuple[int | str, ...]") -> str:
    """A shape such as `[batch, 3, height, width]`; a side without number or name is `?`."""
    return "[" + ", ".join(str(side) if isinstance(side, int) else quoted(side)[1:-1] for side in shape) + "]"
