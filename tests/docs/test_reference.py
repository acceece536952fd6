"""The generated references have every key of every model, each with a meaning."""

import re
import typing
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from linksim.metrics.registry import OWN
from linksim.results.row import columns as row_columns
from linksim.results.row import result_columns
from linksim.scenario import Scenario
from linksim.training.config import TrainConfig
from linksim.training.jscc.config import JsccRecipe
from tests.docs.pages import DOCS, docs_module

generate, hook = docs_module("generate"), docs_module("hook")


def models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in typing.get_args(annotation) for model in models_in(part)]


def all_models(root: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Every model below `root` by name, found through the annotations and not through the schema."""
    found, queue = {}, [root]
    while queue:
        model = queue.pop()
        if model.__name__ not in found:
            found[model.__name__] = model
            queue += [m for field in model.model_fields.values() for m in models_in(field.annotation)]
    return found


def tables(text: str) -> dict[str, dict[str, list[str]]]:
    """Cells by key by anchor of the section."""
    result: dict[str, dict[str, list[str]]] = {}
    for line in text.splitlines():
        if heading := re.match(r'<a id="(\w+)"></a>$', line):
            result[heading[1]] = {}
        elif row := re.match(r"\| `(\w+)` \| (.*) \| (.*) \| (.*) \|$", line):
            result[list(result)[-1]][row[1]] = [row[2], row[3], row[4]]
    return result


@pytest.mark.parametrize("root", [Scenario, TrainConfig, JsccRecipe])
def test_every_key_of_every_model_is_there_with_a_meaning(root: type[BaseModel]) -> None:
    found = tables(generate.reference(root))
    models = all_models(root)
    assert set(found) == {name.lower() for name in models}
    for name, model in models.items():
        rows = found[name.lower()]
        assert list(rows) == list(model.model_fields)
        for key, field in model.model_fields.items():
            kind, default, meaning = rows[key]
            assert kind, f"{name}.{key} has no type"
            assert meaning, f"{name}.{key} has no meaning: describe the field, or add it to docs/meanings.yml"
            assert (default == "needed") == field.is_required()


def test_meanings_have_no_leftovers() -> None:
    models = all_models(Scenario) | all_models(TrainConfig) | all_models(JsccRecipe)
    for name, meanings in generate.MEANINGS.items():
        assert name in models, f"docs/meanings.yml: there is no model {name}"
        for key in meanings:
            field = models[name].model_fields.get(key)
            assert field is not None, f"docs/meanings.yml: {name} has no key {key}"
            assert field.description is None, f"docs/meanings.yml: {name}.{key} is described by the model"


def test_types_ranges_and_defaults_are_those_of_the_models() -> None:
    found = tables(generate.reference(Scenario))
    assert found["ldpc5gconfig"]["rate"][:2] == ["number (≥ 0.0292969, ≤ 0.925781)", "`0.5`"]
    assert found["ldpc5gconfig"]["decoder"][:2] == ["`sionna`, `layered`", "`sionna`"]
    assert found["sweep"]["snr_db"][0] == "list of: number, at least one or [mapping](#snrrange)"
    assert found["channelconfig"]["coherence"][0] == "`symbol`, `block` or whole number (≥ 1, ≤ 1000000)"
    assert found["jpegconfig"]["quality"][:2] == ["whole number (≥ 1, ≤ 95) or null", "`null`"]
    assert found["jpegconfig"]["name"][:2] == ["text (1 to 60 characters)", "needed"]


def test_the_pages_are_current() -> None:
    for file, text in generate.pages().items():
        assert file.is_file(), f"there is no {file}; run `{generate.COMMAND}` and commit what it writes"
        current = file.read_text("utf-8") == text
        assert current, (
            f"docs/{file.name} is not what the models say; run `{generate.COMMAND}` and commit what it writes"
        )
        assert text.count("| key | type | default | meaning |") >= 5


def test_every_link_inside_a_page_has_its_place() -> None:
    for file, text in generate.pages().items():
        places = set(re.findall(r'<a id="(\w+)"></a>', text))
        links = set(re.findall(r"\]\(#(\w+)\)", text))
        assert links
        assert links <= places, file.name


def test_one_command_writes_the_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "DOCS", tmp_path)
    generate.main()
    assert {file.name for file in tmp_path.iterdir()} == {
        "reference-scenario.md",
        "reference-training.md",
        "reference-training-deepjscc.md",
    }
    before = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    (tmp_path / "reference-training.md").write_text("old")
    generate.main()
    assert {file.name for file in before if file.stat().st_mtime_ns != before[file]} == {"reference-training.md"}
    assert (tmp_path / "reference-training.md").read_text() == (DOCS / "reference-training.md").read_text()


def test_results_page_names_every_column() -> None:
    text = (DOCS / "results.md").read_text()
    columns = {*(column.name for column in row_columns()), *result_columns(metric.name for metric in OWN)}
    derived = {c for c in columns if c.endswith(("_low", "_high", "_given_success"))}
    assert [c for c in sorted(columns - derived) if f"`{c}`" not in text] == []


def test_results_become_a_table(tmp_path: Path) -> None:
    file = tmp_path / "results.csv"
    file.write_text(
        "scheme,snr_db,psnr_db,psnr_db_low,psnr_db_high,outage_rate,status\n"
        "A,0.0,20.0,19.5,20.5,0.25,ok\nA,10.0,30.125,,,0,ok\nB,10.0,,,,,infeasible\n"
    )
    assert hook.results_table(file, "outage_rate").splitlines()[2] == "| A | 0.250 | 0.000 |"  # it has no interval
    assert hook.results_table(file, "psnr_db").splitlines() == [
        "| `psnr_db` | 0 dB | 10 dB |",
        "| --- | --- | --- |",
        "| A | 20.00 ± 0.50 | 30.12 |",
        "| B |  | infeasible |",
    ]
    assert "There is no" in hook.results_table(tmp_path / "absent.csv", "psnr_db")
