"""Closed forms that the link is compared with; `test_closed_forms.py` compares them with the textbooks."""

from linksim.link.closed_forms import bit_error_rates

__all__ = ["bit_error_rates"]
