"""Every card passes in its short form, and fails where what it watches over is broken."""

import json
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from linksim.cli import main
from linksim.common.errors import InputError, LinksimError
from linksim.verify import capacities, codebooks, deck, links, pictures, retransmissions, waveforms
from linksim.verify.card import Card, Check, Verdict, between, judge, within, within_share

Break = Callable[[pytest.MonkeyPatch], None]


@pytest.mark.parametrize("card", deck.CARDS, ids=lambda card: card.name)
def test_the_card_passes(card: Card) -> None:
    verdict = judge(card, short=True)
    if verdict.status == "skipped":
        pytest.skip(verdict.reason)
    assert verdict.status == "passed", [check for check in verdict.checks if not check.passed] or verdict.reason
    assert len(verdict.checks) >= 1


def _noise_off_by(decibel: float, module: Any = links, name: str = "sent_and_received") -> Break:
    def broken(patch: pytest.MonkeyPatch) -> None:
        true = getattr(module, name)

        def shifted(settings: dict[str, Any], es_no_db: float, *rest: Any) -> Any:
            return true(settings, es_no_db + decibel, *rest)

        patch.setattr(module, name, shifted)

    return broken


def _combining_loses(decibel: float) -> Break:
    def broken(patch: pytest.MonkeyPatch) -> None:
        true = retransmissions.sent_and_received

        def lossy(settings: dict[str, Any], es_no_db: float, bits: int) -> Any:
            return true(settings, es_no_db - decibel * (settings["harq"]["kind"] == "chase"), bits)

        patch.setattr(retransmissions, "sent_and_received", lossy)

    return broken


def _llrs_twice_as_large(patch: pytest.MonkeyPatch) -> None:
    true = links.llr_information
    patch.setattr(links, "llr_information", lambda sent, llr, m: true(sent, 2 * llr, m))


def _binary_capacity_of_half_the_energy(patch: pytest.MonkeyPatch) -> None:
    true = capacities.awgn_capacity
    patch.setattr(capacities, "awgn_capacity", lambda snr, m: true(snr - (3.01 if m == 1 else 0), m))


def _other_labels(patch: pytest.MonkeyPatch) -> None:
    true = codebooks.channel_distortion
    patch.setattr(codebooks, "channel_distortion", lambda e, p, rate: true(e, p, rate, "random"))


def _lpips_of(net: str) -> Break:
    def broken(patch: pytest.MonkeyPatch) -> None:
        from linksim import metrics

        true = metrics.lpips
        patch.setattr(metrics, "lpips", lambda a, b, **_: true(a, b, net=net), raising=False)

    return broken


def _curve_of(name: str) -> Break:
    def broken(patch: pytest.MonkeyPatch) -> None:
        true = pictures.measure
        patch.setattr(pictures, "measure", lambda _, *rest, **more: true(name, *rest, **more))

    return broken


def _worse_by(decibel: float) -> Break:
    """As if every picture were worse; the files are not made anew."""

    def broken(patch: pytest.MonkeyPatch) -> None:
        true = pictures._published
        patch.setattr(pictures, "_published", lambda curve, bpp: true(curve, bpp) + decibel)

    return broken


BREAKS: list[tuple[Card, Break, str]] = [
    (links.UNCODED_AWGN, _noise_off_by(0.3), "noise 0.3 dB too small"),
    (links.UNCODED_RAYLEIGH, _noise_off_by(-0.5), "noise 0.5 dB too large"),
    (waveforms.OFDM, _noise_off_by(1.5, waveforms, "payloads_and_receptions"), "noise 1.5 dB too small"),
    (links.LLRS, _llrs_twice_as_large, "LLRs of the wrong noise variance"),
    (capacities.CAPACITIES, _binary_capacity_of_half_the_energy, "BPSK against all of the noise"),
    (links.CLIFF, _noise_off_by(-2.0), "noise 2 dB too large"),
    (links.CLIFF, _noise_off_by(2.0), "noise 2 dB too small: beyond capacity"),
    (retransmissions.HARQ, _combining_loses(0.5), "half a dB lost in combining"),
    (codebooks.CODEBOOK, _other_labels, "random labels"),
    (pictures.LPIPS, _lpips_of("squeeze"), "another network"),
    (pictures.JPEG, _curve_of("jpeg"), "other Huffman tables"),
    (pictures.WEBP, _curve_of("jpeg"), "JPEG in its place"),
    (pictures.BPG, _worse_by(0.5), "half a dB lost"),
]


@pytest.mark.parametrize(("card", "broken"), [b[:2] for b in BREAKS], ids=[f"{b[0].name}: {b[2]}" for b in BREAKS])
def test_the_card_notices(card: Card, broken: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    verdict = judge(card, short=True)
    if verdict.status == "skipped":
        pytest.skip(verdict.reason)
    assert verdict.status == "failed"
    assert any(not check.passed for check in verdict.checks)


def test_every_card_has_a_break() -> None:
    assert {card.name for card, *_ in BREAKS} == {card.name for card in deck.CARDS}


def test_a_check_knows_its_range() -> None:
    assert within("a", 1.1, 1.0, 0.1000001).passed
    assert not within("a", 1.2, 1.0, 0.1).passed
    assert within_share("a", -1.9, -2.0, 0.1).passed
    assert not between("a", 3, 1, 2).passed
    for bad in (math.nan, math.inf, -math.inf):
        assert not between("a", bad, -math.inf, math.inf).passed


def card(checks: Callable[[bool], Iterable[Check]], needs: tuple[str, ...] = ()) -> Card:
    return Card("made-up", "A made-up card", "nobody", "none", checks, needs)


def test_an_error_fails_a_card_and_so_does_having_nothing_to_check() -> None:
    def raises(short: bool) -> Iterable[Check]:
        yield within("first", 1, 1, 0)
        raise InputError("this went wrong")

    failed = judge(card(raises))
    assert (failed.status, failed.reason) == ("failed", "this went wrong")
    assert judge(card(lambda short: [])).status == "failed"


def test_missing_data_skips_a_card_and_says_what_gets_it(empty_cache: Any) -> None:
    def never(short: bool) -> Iterable[Check]:
        raise AssertionError("measured although its data is missing")

    verdict = judge(card(never, ("kodak", "lpips-alex")))
    assert verdict.status == "skipped"
    assert verdict.reason == "kodak, lpips-alex missing; linksim data fetch kodak lpips-alex"


def verify(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str], list[str]]:
    """Status, lines of stdout, lines of stderr."""
    status = 0
    try:
        main(["verify", *arguments])
    except SystemExit as end:
        status = int(end.code or 0)
    said = capsys.readouterr()
    return status, said.out.splitlines(), said.err.splitlines()


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch, empty_cache: Any) -> None:
    """A deck with a card of each fate."""
    good = Card("good", "Good", "a book", "wide", lambda short: [within("x", 1.0, 1.0, 0.5, "dB")])
    bad = Card("bad", "Bad", "a paper", "narrow", lambda short: [within("y", math.nan, 1.0, 0.1)])
    gone = Card("gone", "Gone", "a host", "none", lambda short: [], ("kodak",))
    monkeypatch.setattr(deck, "CARDS", (good, bad, gone))


def test_json_is_a_line_per_card_and_a_failure_is_exit_1(three: None, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines, errors = verify(capsys, "--json")
    assert status == 1
    assert errors == ["linksim: 1 of 3 cards failed: bad"]
    good, bad, gone = map(json.loads, lines)
    assert [entry["status"] for entry in (good, bad, gone)] == ["passed", "failed", "skipped"]
    assert good["source"] == "a book"
    (check,) = good["checks"]
    assert check == {
        "what": "x",
        "measured": 1.0,
        "expected": 1.0,
        "low": 0.5,
        "high": 1.5,
        "unit": "dB",
        "passed": True,
    }
    assert bad["checks"][0]["measured"] is None
    assert "NaN" not in "".join(lines)
    assert "linksim data fetch kodak" in gone["reason"]


def test_text_says_values_ranges_and_sources(three: None, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines, _ = verify(capsys)
    text = "\n".join(lines)
    assert status == 1
    assert "good: passed (1 checks, 0 s)" in text
    assert "  source: a book" in text
    assert "x  1, expected 1 (allowed 0.5 to 1.5 dB)" in text
    assert "FAILED" in text
    assert "gone: skipped (kodak missing; linksim data fetch kodak)" in text


def test_cards_may_be_named_and_a_skipped_one_is_no_failure(three: None, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines, errors = verify(capsys, "gone", "good", "gone", "--json")
    assert (status, errors) == (0, [])
    assert [json.loads(line)["card"] for line in lines] == ["gone", "good"]


def test_list_measures_nothing(three: None, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines, _ = verify(capsys, "--list")
    assert status == 0
    assert [line for line in lines if not line.startswith(" ")] == ["good: Good", "bad: Bad", "gone: Gone"]
    assert sum(line.startswith("  source: ") for line in lines) == 3


def test_an_unknown_card_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    status, lines, errors = verify(capsys, "capacites")
    assert (status, lines) == (2, [])
    assert errors[0].startswith("linksim: card 'capacites': unknown; did you mean capacities? allowed: uncoded-awgn,")


def test_names_are_unique_and_verdicts_are_frozen() -> None:
    names = [card.name for card in deck.CARDS]
    assert len(set(names)) == len(names)
    assert all(card.source and card.tolerance and card.title for card in deck.CARDS)
    with pytest.raises(AttributeError):
        Verdict(deck.CARDS[0], "passed").status = "failed"  # type: ignore[misc]


def test_llr_information_of_certain_and_of_idle_llrs() -> None:
    sent = np.array([0, 1, 1, 0], np.uint8)
    assert links.llr_information(sent, np.where(sent == 1, 50.0, -50.0), 4) == pytest.approx(4)
    assert links.llr_information(sent, np.zeros(4), 4) == pytest.approx(0)
    assert (
        links.llr_information(sent, np.where(sent == 1, -50.0, 50.0), 4) < 0
    )  # the wrong sign tells worse than nothing


def test_cards_are_looked_up_without_what_is_slow() -> None:
    """A wrong name is said at once."""
    import subprocess
    import sys

    code = (
        "import sys, linksim.verify.deck; print(sorted({'tensorflow', 'sionna', 'pandas', 'numba'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr


def test_errors_are_linksim_s_own() -> None:
    with pytest.raises(LinksimError, match="allowed: uncoded-awgn"):
        deck.chosen(["everything"])
