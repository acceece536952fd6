"""Scenario files: what is read, and one clear line for everything that is wrong."""

import json
import subprocess
import sys

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from linksim.common.errors import InputError
from linksim.common.reading.loading import validate
from linksim.common.reading.overrides import apply_overrides
from linksim.common.reading.yaml_files import dump_yaml, parse_yaml
from linksim.scenario import Scenario, SnrRange, load_scenario
from linksim.schemes.budget import budget_chain

TEXT = """
name: test
images: {dataset: samples, count: 2}
sweep: {snr_db: [0, 10]}
schemes:
  - {name: JPEG+LDPC, kind: jpeg, rate_match: VQ-VAE}
  - {name: VQ-VAE, kind: semantic, checkpoint: vqvae}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(TEXT)
    return path


def problem(file, *overrides):
    with pytest.raises(InputError) as caught:
        load_scenario(file, overrides)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_defaults_are_those_of_the_paper(file):
    scenario = load_scenario(file)
    assert scenario.seed == 1
    assert scenario.link.modulation.bits_per_symbol == 6
    assert scenario.link.code.rate == 0.5
    assert scenario.sweep.snrs == (0.0, 10.0)
    names = {scheme.name: scheme for scheme in scenario.schemes}
    assert budget_chain("JPEG+LDPC", names) == ["JPEG+LDPC", "VQ-VAE"]


def test_written_scenario_reads_as_the_same(file, tmp_path):
    scenario = load_scenario(file, ["sweep.snr_db={start: -2, stop: 4, step: 0.5}"])
    again = tmp_path / "again.yaml"
    again.write_text(dump_yaml(scenario.model_dump(mode="json")))
    assert load_scenario(again) == scenario


@given(st.floats(-30, 30), st.integers(1, 200), st.sampled_from([0.1, 0.25, 1.0, 2.0, 3.0]))
def test_range_has_both_ends_and_no_rounding_dust(start, count, step):
    start = round(start, 1)
    values = SnrRange(start=start, stop=start + step * (count - 1), step=step).values()
    assert len(values) == count
    assert values[0] == start
    assert values[-1] == round(start + step * (count - 1), 9)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("sweep.snr_bd=[1]", "sweep.snr_bd: unknown key; did you mean snr_db?"),
        ("schemes.VQ-VAE.recever={kind: hard}", "schemes.VQ-VAE.recever: unknown key; did you mean receiver?"),
        ("sweep.snr_db=[]", "sweep.snr_db: [] is not allowed; allowed: a list of Es/N0 in dB, or {start, stop, step}\n"),
        ("sweep.snr_db=[1, 1]", "sweep.snr_db: 1 is given twice"),
        ("sweep.snr_db={start: 3, stop: 1}", "sweep.snr_db: start 3 is above stop 1"),
        ("sweep.snr_db={start: 0, stop: 1, step: 0}", "sweep.snr_db.step: 0"),
        ("sweep.snr_db={start: 0, stop: 1e9, step: 1}", "more than 10000"),
        ("sweep.snr_db=[.nan]", "sweep.snr_db"),
        ("sweep.snr_db=10", "sweep.snr_db: 10 is not allowed; allowed: a list of Es/N0 in dB, or {start, stop, step}\n"),
        ("sweep.snr_db=[a]", "sweep.snr_db.0: 'a' is not allowed; allowed: a number\n"),
        ("link.channel.coherence=0", "coherence: 0 is not allowed; allowed: 'symbol' or 'block', or 1 to 1000000\n"),
        ("link.channel.coherence=symbl", "did you mean symbol?; allowed: 'symbol' or 'block', or a whole number\n"),
        ("link.code={kind: ldpc5g, iterations: 0}", "link.code.iterations: 0 is not allowed; allowed: 1 to 200\n"),
        ("schemes=JPEG", "schemes: 'JPEG' is not allowed; allowed: a list\n"),
        ("sweep=3", "sweep: 3 is not allowed; allowed: a mapping"),
        ("sweep.repetitions=two", "sweep.repetitions: 'two' is not allowed"),
        ("sweep.repetitions=1.5", "sweep.repetitions: 1.5"),
        ("seed='1'", "seed: '1' is not allowed"),
        ("seed=-1", "seed: -1"),
        ("name=../x", "name: '../x' is not allowed"),
        ("metrics=[psnr, lpisp]", "metrics.1: 'lpisp' is not allowed; did you mean lpips?"),
        ("metrics=[]", "metrics: []"),
        ("metrics=[psnr, psnr]", "each metric once"),
        ("schemes=[]", "schemes: []"),
        ("schemes.1.name=JPEG+LDPC", "the name 'JPEG+LDPC' is used 2 times"),
        ("schemes.VQ-VAE.kind=semantics", "unknown kind 'semantics'; did you mean semantic?"),
        ("schemes.JPEG+LDPC.rate_match=VQVAE", "no scheme is named 'VQVAE'; allowed: VQ-VAE"),
        ("schemes.VQ-VAE={name: VQ-VAE, kind: bpg, rate_match: JPEG+LDPC}", "goes in a circle: JPEG+LDPC -> VQ-VAE"),
        ("schemes.JPEG+LDPC.quality=50", "quality"),
        ("link.modulation.bits_per_symbol=5", "link.modulation.bits_per_symbol: 5 is not allowed; allowed: 1, 2, 4, 6 or 8"),
        ("link.channel={kind: rician}", "k_factor_db"),
        ("link.code={kind: ldpc5g, rate: 2}", "link.code.rate: 2"),
        ("link.code.rate=0.5", "link.code: needs a field 'kind'; allowed: ldpc5g, none"),
        ("images.dataset=folder", "needs a path"),
        ("images.datset=kodak", "images.datset: unknown key; did you mean dataset?"),
        ("sweep.precision={psnr_db: 0.1, max_repetitions: 0}", "sweep.precision.max_repetitions: 0"),
        ("metrics=[psnr]\nseed", "not valid YAML"),
        ("schemes.VQ-VAE.receiver.kind=softer", "unknown kind 'softer'; did you mean soft?"),
    ],
)  # fmt: skip
def test_bad_values_name_file_field_and_what_is_allowed(file, override, said):
    message = problem(file, override)
    assert said in message + "\n"
    assert message.startswith((str(file), "--set"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: a\nname: b\n", "line 2, column 1: not valid YAML: key 'name' is given twice"),
        ("name: [a\n", "not valid YAML"),
        ("name: !!python/object/apply:os.system [ls]\n", "not valid YAML"),
        ("", "the file is empty"),
        ("- a\n", "the file is a list"),
        ("name: a\n", "sweep: is missing; it must be given (and 1 more)"),
        ("name: a\nsweep: {snr_db: [1]}\nschemes: 3\n", "schemes: 3 is not allowed"),
        (
            "name: a\nsweep: {snr_db: [1]}\nschemes: [{name: x}]\n",
            "schemes.x: needs a field 'kind'; allowed: jpeg, bpg, jpeg2000, webp, avif, semantic, deepjscc, deepjscc-q, onnx",
        ),
    ],
)
def test_bad_files(tmp_path, text, said):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    assert said in problem(path)


def test_missing_and_binary_files(tmp_path):
    assert "no such file" in problem(tmp_path / "none.yaml")
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in problem(tmp_path / "b.yaml")
    assert "cannot be read" in problem(tmp_path)


def test_numbers_with_exponents_are_numbers():
    assert parse_yaml("[1e-3, -2E+2, 1.5e3, 1.0]", "x") == [1e-3, -200.0, 1500.0, 1.0]
    assert parse_yaml("[e3, 1e]", "x") == ["e3", "1e"]


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("sweep", "expected KEY=VALUE"),
        ("=3", "expected KEY=VALUE"),
        ("schemes.nobody.kind=jpeg", "no item 'nobody'; allowed: an index from 0 to 1 or one of: JPEG+LDPC, VQ-VAE"),
        ("schemes.7.kind=jpeg", "no item '7'"),
        ("name=[1", "not valid YAML"),
        ("sweep..x=1", "empty key"),
    ],
)
def test_bad_overrides(file, override, said):
    assert said in problem(file, override)


def test_overrides_reach_items_by_index_and_by_name():
    data = yaml.safe_load(TEXT)
    changed = apply_overrides(
        data, ["schemes.0.name=A.b", "schemes.A.b.rate_match=X", "link.code.rate=0.75", "schemes.VQ-VAE={name: Y}"]
    )
    assert changed["schemes"] == [{"name": "A.b", "kind": "jpeg", "rate_match": "X"}, {"name": "Y"}]
    assert changed["link"] == {"code": {"rate": 0.75}}
    assert data == yaml.safe_load(TEXT)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=8), st.sampled_from(["sweep", "schemes", "images", "link", "metrics", "name", "seed"]))  # fmt: skip
def test_nonsense_is_always_one_line(value, key):
    data = yaml.safe_load(TEXT) | {key: value}
    try:
        validate(data, Scenario, "x.yaml")
    except InputError as error:
        message = str(error)
    else:
        return
    assert message.startswith("x.yaml: ")
    assert "\n" not in message


def test_schema_is_json_and_knows_the_schemes():
    schema = Scenario.model_json_schema()
    json.dumps(schema)
    assert "SemanticConfig" in schema["$defs"]


def test_scenario_is_light_to_import():
    code = (
        "import sys, linksim.scenario; "
        "print([m for m in ('tensorflow', 'keras', 'sionna', 'pandas', 'matplotlib', 'scipy', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
