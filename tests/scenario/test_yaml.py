"""YAML as version 1.2 reads it, from files and overrides of any size and kind, and written so that it reads as the same."""

import math
import os
import tracemalloc
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from linksim.common.errors import InputError
from linksim.common.reading.overrides import apply_overrides
from linksim.common.reading.yaml_files import dump_yaml, parse_yaml, read_yaml
from linksim.scenario import load_scenario

SCENARIOS = sorted(Path(__file__).parents[2].glob("scenarios/**/*.yaml"))


def refused(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse_yaml(text, "f")
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 300
    return message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("010", 10), ("-010", -10), ("+5", 5), ("0o10", 8), ("0x1F", 31), ("0", 0),
        (".5", 0.5), ("-.5", -0.5), ("+.5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("1.5E-3", 0.0015), ("-1e+2", -100.0),
        ("1:20", "1:20"), ("190:20:30", "190:20:30"), ("1:30.5", "1:30.5"), ("1_000", "1_000"), ("0b11", "0b11"),
        ("-0x1F", "-0x1F"), ("1e", "1e"), ("e3", "e3"), (".", "."), ("-", "-") if False else ("+", "+"),
        ("yes", "yes"), ("No", "No"), ("on", "on"), ("OFF", "OFF"), ("y", "y"), ("true", True), ("False", False),
        ("~", None), ("null", None), ("Null", None), ("", None), ("nil", "nil"),
        ("2020-01-01", "2020-01-01"), ("2020-01-01 10:00:00", "2020-01-01 10:00:00"), ("12:30:45", "12:30:45"),
        (".inf", math.inf), ("-.INF", -math.inf), ("'010'", "010"), ('"1e3"', "1e3"), ("=", "="), ("<<", "<<"),
        ("!!str 422", "422"), ("!!int '0o7'", 7), ("!!float '3'", 3.0), ("!!null ''", None),
    ],
)  # fmt: skip
def test_plain_scalars(text: str, value: object) -> None:
    read = parse_yaml(text, "f")
    assert read == value
    assert type(read) is type(value)
    assert parse_yaml(f"[{text}]" if text else "['', ~]", "f")[-1] == value


def test_merge_keys_anchors_and_duplicates() -> None:
    text = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: *a, y: 5}\nd: {<<: [*b, *a], w: 0}\ne: *a\n"
    read = parse_yaml(text, "f")
    assert read["c"] == {"x": 1, "y": 5}
    assert read["d"] == {"y": 3, "z": 4, "x": 1, "w": 0}
    assert read["e"] == read["a"]
    assert parse_yaml("- &a 1\n- *a\n- &a 2\n- *a", "f") == [1, 1, 2, 2]
    assert parse_yaml("{1: a, on: b, ~: c, 1.5: d}", "f") == {"1": "a", "on": "b", "~": "c", "1.5": "d"}
    assert "key 'x' is given twice" in refused("{x: 1, y: 2, x: 3}")
    assert "key '<<' is given twice" in refused("a: &a {x: 1}\nb: {<<: *a, <<: *a}")
    assert "`<<` takes a mapping" in refused("a: {<<: 3}")
    assert "keys must be words" in refused("? [a]\n: 1")


@pytest.mark.parametrize("tag", ["!!binary aGk=", "!!set {a}", "!!omap [a: 1]", "!!timestamp 2020-01-01", "!!python/name:os.system",
                                 "!!python/object/apply:os.system [ls]", "!own 1", "!!float x", "!!int [1]", "!!bool 7", "!!seq {}", "!!map []"])  # fmt: skip
def test_tags_that_are_no_plain_data(tag: str) -> None:
    refused(tag)
    refused(f"a: {tag}")


def bomb(levels: int, width: int, first: str, more: str) -> str:
    lines = [f"a0: &a0 {first}"]
    lines += [f"a{i}: &a{i} {more % ', '.join([f'*a{i - 1}'] * width)}" for i in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (bomb(10, 10, "[x]", "[%s]"), "more than 100,000 values"),
        (bomb(30, 2, "[x]", "[%s]"), "more than 100,000 values"),
        (bomb(10, 10, "{k: 1}", "{<<: [%s]}"), "more than 100,000 values"),
        ("a: &a [*a]", "alias *a contains itself"),
        ("a: &a {b: {c: *a}}", "alias *a contains itself"),
        ("a: &a {<<: *a}", "alias *a contains itself"),
        ("[" * 3000, "nested deeper than 50 levels"),
        ("{a: " * 3000, "nested deeper than 50 levels"),
        ("- " * 3000, "nested deeper than 50 levels"),
        ("\n".join(" " * i + "a:" for i in range(500)), "nested deeper than 50 levels"),
        ("9" * 5000, "a number of 5,000 characters; at most 100"),
        ("a: 0x" + "f" * 5000, "a number of 5,002 characters"),
        ("a: 1." + "0" * 5000, "a number of 5,002 characters"),
        ("1e400", "1e400 is larger than numbers can be"),
        ("[" + "1," * 100_001 + "]", "more than 100,000 values"),
        ("a" * 1_000_001, "1,000,001 characters; at most 1,000,000"),
        ('"\\ud800"', "half of a surrogate pair"),
        ("\x00", "special characters are not allowed"),
        ("a: *b", "undefined alias"),
        ("--- a\n--- b", "expected a single document"),
    ],
    ids=lambda value: value[:12],
)  # fmt: skip
def test_hostile_text_takes_no_memory(text: str, said: str) -> None:
    tracemalloc.start()
    try:
        assert said in refused(text)
        assert tracemalloc.get_traced_memory()[1] < 200e6
    finally:
        tracemalloc.stop()
    with pytest.raises(InputError, match="--set a="):
        apply_overrides({}, [f"a={text}"])


def test_files_that_are_none_or_never_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large.yaml").open("wb") as file:
        file.truncate(10**9)
    (tmp_path / "gone").symlink_to(tmp_path / "nothing")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for path, said in (
        ("/dev/zero", "it is a device"),
        (tmp_path / "pipe", "it is a pipe"),
        (tmp_path, "it is a folder"),
        (tmp_path / "large.yaml", "it has 1,000,000,000 bytes, more than 1,000,000"),
        (tmp_path / "gone", "it is a link to nothing"),
        (tmp_path / "none", "no such file"),
        (tmp_path / "binary", "it is not UTF-8 text"),
        (tmp_path / ("x" * 300), "File name too long"),
        ("a\0b", "no file can have such a name"),
    ):
        with pytest.raises(InputError) as caught:
            read_yaml(path)
        assert said in str(caught.value)
        assert str(caught.value).isprintable()


def test_overrides_of_any_depth_and_length() -> None:
    with pytest.raises(InputError, match="a path of more than 50 keys"):
        apply_overrides({}, [".".join("a" * 100_000) + "=1"])
    with pytest.raises(InputError, match="no item"):
        apply_overrides({"s": [1]}, [f"s.{'9' * 5000}=1"])
    with pytest.raises(InputError, match="is one text; give a list"):
        apply_overrides({}, "seed=1")
    with pytest.raises(InputError, match="3 is no text"):
        apply_overrides({}, [3])  # type: ignore[list-item]


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_scenarios_are_read_as_before_and_written_as_they_are(file: Path) -> None:
    data = read_yaml(file)
    assert data == yaml.safe_load(file.read_text())
    assert parse_yaml(dump_yaml(data), "written") == data
    if file.parent.name == "scenarios":
        scenario = load_scenario(file)
        assert parse_yaml(dump_yaml(scenario.model_dump(mode="json")), "written") == scenario.model_dump(mode="json")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.from_regex(
    r"[-+]?[0-9.:_eExXoO~]{1,6}", fullmatch=True
)
texts |= st.sampled_from(
    ["yes", "no", "on", "null", "~", "<<", "1e3", "-.5", "0o7", "1:20", "=", "2020-01-01", ".inf", "", " ", "#", "- a"]
)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


@settings(max_examples=300)
@given(st.dictionaries(texts, trees, max_size=4))
def test_what_is_written_is_read_as_the_same(data: dict) -> None:
    assert parse_yaml(dump_yaml(data), "f") == data
    assert repr(parse_yaml(dump_yaml(data), "f")) == repr(data)


@given(st.text(max_size=60) | st.text("[]{}:,&*!|>'\"%@`#-? \n\tab01.", max_size=60))
def test_any_text_is_data_or_one_line(text: str) -> None:
    try:
        parse_yaml(text, "f")
    except InputError as error:
        refusal = str(error)
        assert "\n" not in refusal
