"""Validation cards in, verdicts out: what linksim measures, against published values and closed forms."""
