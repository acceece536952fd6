"""JSON on disk to plain data; whatever is wrong with the file is one line that names it."""

import json
from pathlib import Path
from typing import Any, NoReturn

from linksim.common.errors import InputError
from linksim.common.files import read_bytes

MAX_BYTES = 1 << 26
"""64 MiB: of a JSON file that is read at once."""


def read_json(path: str | Path, advice: str) -> dict[str, Any]:
    """The object in the JSON file `path`. Raises `InputError` with the reason and `advice`, what to do about it."""
    return parse_json(read_bytes(path, MAX_BYTES, advice), str(path), advice)


def parse_json(data: bytes, source: str, advice: str) -> dict[str, Any]:
    """The JSON object in `data`; `source` names it in the `InputError`. NaN and infinity are no JSON."""
    try:
        content = json.loads(data, parse_constant=_no_number)
        json.dumps(content, ensure_ascii=False).encode()
    except RecursionError:
        problem = "it is nested too deeply"
    except UnicodeError:
        problem = "it is not UTF-8 text"
    except ValueError as error:
        problem = " ".join(str(error)[:120].split())
    else:
        if isinstance(content, dict):
            return content
        problem = f"a {type(content).__name__} in place of an object"
    raise InputError(f"{source}: is no JSON of linksim ({problem}); {advice}")


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")
