"""A little of the fuzzing of `fuzz_scenarios.py` at every run of the suite."""

import fuzz_scenarios


def test_hostile_scenarios_end_in_a_model_or_one_line() -> None:
    outcomes = fuzz_scenarios.main(cases=700, seed=7)
    assert outcomes.total() == 700
    kinds = {name.split()[0] for name in outcomes}
    assert kinds == {"text", "tokens", "bomb", "values", "override", "bytes", "python"}
    assert {"values read", "text read"} <= outcomes.keys()
