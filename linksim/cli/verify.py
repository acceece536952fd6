"""`linksim verify`: validation cards measured on this machine."""

import json

from linksim.common.errors import LinksimError
from linksim.common.tensorflow import import_tensorflow
from linksim.verify.card import Check, Verdict, judge
from linksim.verify.deck import chosen


def verify_command(names: list[str], short: bool, as_json: bool, list_only: bool) -> None:
    """Measure the cards one by one and print each as it is done.

    Raises:
        LinksimError: a card failed (exit status 1).
    """
    cards = chosen(names)
    if list_only:
        for card in cards:
            print(f"{card.name}: {card.title}\n  source: {card.source}\n  tolerance: {card.tolerance}")
        return
    import_tensorflow()
    failed = []
    for card in cards:
        verdict = judge(card, short)
        print(json.dumps(verdict.as_dict()) if as_json else verdict_text(verdict), flush=True)
        failed += [card.name] if verdict.status == "failed" else []
    if failed:
        raise LinksimError(f"{len(failed)} of {len(cards)} cards failed: {', '.join(failed)}")


def verdict_text(verdict: Verdict) -> str:
    """A card as lines: what came out, what it is, where its values are from, and every check."""
    card = verdict.card
    head = f"{card.name}: {verdict.status}"
    details = [f"{len(verdict.checks)} checks, {verdict.seconds:.0f} s"] if verdict.checks else []
    details += [verdict.reason] if verdict.reason else []
    lines = [f"{head} ({'; '.join(details)})", f"  {card.title}", f"  source: {card.source}"]
    lines += [f"  tolerance: {card.tolerance}"] if verdict.checks else []
    width = max((len(check.what) for check in verdict.checks), default=0)
    return "\n".join([*lines, *(f"    {_check_text(check, width)}" for check in verdict.checks)])


def _check_text(check: Check, width: int) -> str:
    expected = "" if check.expected is None else f", expected {check.expected:.5g}"
    allowed = f"{check.low:.5g} to {check.high:.5g} {check.unit}".rstrip()
    mark = "" if check.passed else "  <-- FAILED"
    return f"{check.what:<{width}}  {check.measured:.5g}{expected} (allowed {allowed}){mark}"
