"""Longer fuzzing of scenarios and overrides than the test suite does: `python tests/scenario/fuzz_scenarios.py [CASES] [SEED]`.

Every hostile file, override and Python value must give a valid model or one `InputError` line, within 20 s and 2 GB.
Prints the counts; any other outcome ends it with the traceback and the offending input. Cases are damaged scenarios and
recipes of the repository, structures of YAML made at random, and values of Python.
"""

import copy
import math
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.common.reading.loading import load, validate
from linksim.common.reading.overrides import apply_overrides
from linksim.common.reading.yaml_files import dump_yaml, parse_yaml, read_yaml
from linksim.scenario import Scenario
from linksim.training.kinds import CODEBOOK, RECIPES

SLOWEST_S = 20.0
MOST_BYTES = 2 * 10**9
ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "scenarios").glob("*.yaml")), *sorted((ROOT / "scenarios" / "train").glob("*.yaml"))]

TOKENS = (
    "[", "]", "{", "}", ":", ": ", ",", "- ", "\n", "\n  ", "\t", "&a ", "*a", "*b", "<<: ", "<<: *a", "!!str ", "!!int ", "!!float ",
    "!!binary ", "!!python/name:os.system ", "!x ", "'", '"', "|\n", ">\n", "#", "%YAML 1.1\n---\n", "---\n", "...\n", "? ", "@", "`",
    "010", "1:20", "0x", "0o9", "1e400", "-1e-400", ".nan", "-.inf", "~", "yes", "no", "9" * 200, "9" * 5000, "1e999999999", "a" * 5000,
    "\\ud800", "\x00", "\x85", "\u2028", "\ufeff", "😀", "é", "٣", "[" * 60, "{a: " * 60, "- " * 60, "&a [*a]", "1_000", "null",
)  # fmt: skip
VALUES = (
    None, True, False, 0, -1, 1, 2, 64, 10**6, 10**30, -(10**30), 2**63, 1e-320, 1e308, math.nan, math.inf, -0.0, 0.3, "", " ", "a",
    "1", "1/12", "1/0", "-1/3", "1e99999999", "x" * 300, "JPEG", "auto", "none", "\n", "\x1b[31m", "../..", "~", "/dev/zero", "~nobody/x",
    [], [[]], [None], [1, "a", None], {}, {"kind": "jpeg"}, {"kind": "none"}, {"kind": 3}, {"kind": []}, {"kind": None}, {"name": {}},
    {"start": 0, "stop": 1, "step": 1e-9}, {"start": 1}, {"start": -1e308, "stop": 1e308, "step": 1e-300}, [1, 1], list(range(200)),
)  # fmt: skip
PYTHON = (
    np.arange(3), np.zeros((2, 2)), np.float32(0.5), np.int8(3), np.str_("a"), np.bool_(True), np.array(2), np.array([1j]), np.zeros(10**6),
    np.array(["a", 1], object), (1, 2), range(5), range(10**12), {1: 2}, {1, 2}, b"x", 1j, object(), Path("/x"), 10**5000, "\ud800",
    np.datetime64("2020-01-01"), lambda: 1, float("nan"), frozenset(), Ellipsis,
)  # fmt: skip

Place = tuple[Any, ...]


def places(data: Any, at: Place = ()) -> list[Place]:
    """Every key and index in `data`."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else []
    return [place for key, value in items for place in [(*at, key), *places(value, (*at, key))]]


def pick(random: np.random.Generator, choices: Any) -> Any:
    return choices[int(random.integers(len(choices)))]


def damaged_text(text: str, random: np.random.Generator) -> str:
    for _ in range(random.integers(1, 6)):
        at = int(random.integers(len(text) + 1))
        match random.integers(5):
            case 0:
                text = text[:at] + pick(random, TOKENS) + text[at:]
            case 1:
                text = text[:at] + text[at + int(random.integers(1, 30)) :]
            case 2:
                text = text[:at] + text[at : at + 60] * int(random.integers(1, 5)) + text[at:]
            case 3:
                text = text[:at]
            case 4:
                text = text.replace(
                    pick(random, (" ", ":", "0", "e", "[", "{")), pick(random, TOKENS), int(random.integers(1, 4))
                )
    return text


def bomb(random: np.random.Generator) -> str:
    """Anchors that use each other, as lists or merged mappings."""
    levels, width = int(random.integers(2, 40)), int(random.integers(1, 30))
    merged = random.random() < 0.5
    lines = [f"a0: &a0 {'{k: 1}' if merged else '[x]'}"]
    for i in range(1, levels):
        names = ", ".join(f"*a{max(0, i - int(random.integers(0, 3)))}" for _ in range(width))
        lines.append(f"a{i}: &a{i} {f'{{<<: [{names}]}}' if merged else f'[{names}]'}")
    return "\n".join(lines)


def tokens(random: np.random.Generator) -> str:
    return "".join(pick(random, TOKENS) for _ in range(random.integers(1, 40)))


def changed(data: Any, random: np.random.Generator, values: Any) -> Any:
    """A copy with some values replaced, keys renamed, added or removed."""
    data = copy.deepcopy(data)
    for _ in range(random.integers(1, 4)):
        found = places(data)
        if not found:
            break
        *above, key = pick(random, found)
        node = data
        for part in above:
            node = node[part]
        match random.integers(4):
            case 0 | 1:
                node[key] = copy.deepcopy(pick(random, values))
            case 2 if isinstance(node, dict):
                node[pick(random, ("", "kind", "name", f"{key}x", "a.b", "\n", "k" * 300))] = node.pop(key)
            case _ if isinstance(node, dict):
                node.pop(key)
            case _:
                node.append(copy.deepcopy(pick(random, values)))
    return data


def override(data: Any, random: np.random.Generator) -> str:
    place = pick(random, places(data))
    path = ".".join(str(part) for part in place)
    match random.integers(6):
        case 0:
            path = damaged_text(path, random)
        case 1:
            path += pick(random, (".", ".x", "..", ".0", ".-1", "." * 200, ".name.name", "=", ".99999999999999999999"))
    value = (
        tokens(random)
        if random.random() < 0.3
        else pick(random, ("", " ", *map(str, VALUES), bomb(random), "{kind: jpeg}"))
    )
    return f"{path}={value}" if random.random() < 0.95 else value


class Case:
    """One hostile input, by kind, and what reads it."""

    def __init__(self, number: int, seed: int, folder: Path) -> None:
        random = np.random.default_rng([seed, number])
        file = FILES[number % len(FILES)]
        data = read_yaml(file)
        model: Any = RECIPES[data.get("kind", CODEBOOK)] if file.parent.name == "train" else Scenario
        self.kind = ("text", "tokens", "bomb", "values", "override", "bytes", "python")[int(random.integers(7))]
        if self.kind in ("text", "tokens", "bomb", "bytes"):
            make = {
                "text": lambda r: damaged_text(file.read_text(), r),
                "tokens": tokens,
                "bomb": bomb,
                "bytes": lambda r: "",
            }
            content = make[self.kind](random).encode("utf-8", "surrogatepass") or random.bytes(
                int(random.integers(300))
            )
            path = folder / "case.yaml"
            path.write_bytes(content)
            self.input: Any = content
            self.read = lambda: load(path, model)
        elif self.kind == "values":
            self.input = changed(data, random, VALUES)
            self.read = lambda: validate(self.input, model, "case")
        elif self.kind == "override":
            self.input = [override(data, random) for _ in range(random.integers(1, 3))]
            self.read = lambda: validate(apply_overrides(data, self.input), model, "case")
        else:
            self.input = changed(data, random, PYTHON)
            self.read = lambda: validate(self.input, model, "case")


def check(case: Case) -> str:
    """`read` or `refused`; raises for every other outcome."""
    begin = time.perf_counter()
    try:
        model = case.read()
    except InputError as error:
        message = str(error)
        assert "\n" not in message, message
        assert len(message) < 2000, message
        message.encode()
        outcome = "refused"
    else:
        written = model.model_dump(mode="json")
        assert parse_yaml(dump_yaml(written), "written") == written
        assert validate(written, type(model), "written") == model
        outcome = "read"
    took = time.perf_counter() - begin
    assert took < SLOWEST_S, f"{took:.1f} s"
    return outcome


def main(cases: int, seed: int) -> Counter[str]:
    """Counts of outcomes by kind of input."""
    outcomes: Counter[str] = Counter()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        for number in range(cases):
            case = Case(number, seed, Path(folder))
            try:
                outcomes[f"{case.kind} {check(case)}"] += 1
            except BaseException:
                print(f"case {number} of seed {seed}, {case.kind}: {str(case.input)[:3000]}")
                raise
    most = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    assert most < MOST_BYTES, f"{most / 1e9:.1f} GB"
    return outcomes


if __name__ == "__main__":
    begin = time.perf_counter()
    found = main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    for name in sorted(found):
        print(f"{name:20} {found[name]:7}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{found.total()} cases in {time.perf_counter() - begin:.0f} s, at most {memory:.2f} GB")
