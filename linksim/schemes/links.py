"""Variants of a link: another code rate or constellation, other retransmissions, everything else the same."""

from typing import Any

from linksim.common.errors import InputError
from linksim.link.coding.config import MOST_BASE_GRAPH_2_BITS, Ldpc5gConfig, UncodedConfig
from linksim.link.config import LinkConfig
from linksim.schemes.config import Mcs


class UnfitError(InputError):
    """A protection that does not go with a code rate or constellation; it may go with others."""


def coded(link: LinkConfig, needed_by: str) -> Ldpc5gConfig:
    """The code of `link`. Raises `InputError` where it is uncoded."""
    if not isinstance(link.code, Ldpc5gConfig):
        raise InputError(f"{needed_by} needs a channel code, but link.code is {{kind: none}}; use {{kind: ldpc5g}}")
    return link.code


def with_rate(link: LinkConfig, rate: float, needed_by: str) -> LinkConfig:
    """`link` at another code rate. Raises `InputError` where there is no such code."""
    return _with(link, needed_by, rate, {})


def with_mcs(link: LinkConfig, mcs: Mcs, needed_by: str) -> LinkConfig:
    """`link` with the code rate and constellation of `mcs`.

    Raises:
        InputError: there is no such code, or blocks without one would be sent again.
    """
    modulation = link.modulation.model_dump() | {"bits_per_symbol": mcs.bits_per_symbol}
    if mcs.coded:
        return _with(link, needed_by, mcs.rate, {"modulation": modulation})
    if link.harq.repeats:
        raise InputError(
            f"{needed_by}: rate 1 is no code, and harq {link.harq.kind} needs one; give a rate up to 948/1024, or harq: {{kind: none}}"
        )
    code = UncodedConfig(block_bits=link.block_bits)
    return LinkConfig(**link.model_dump() | {"code": code.model_dump(), "modulation": modulation})


def _with(link: LinkConfig, needed_by: str, rate: float, changes: dict[str, Any]) -> LinkConfig:
    code = coded(link, needed_by)
    try:
        changed = Ldpc5gConfig(**code.model_dump() | {"rate": rate})
        return LinkConfig(**link.model_dump() | {"code": changed.model_dump()} | changes)
    except ValueError as error:
        allowed = f"30/1024 to 948/1024, up to 1/4 only with block_bits up to {MOST_BASE_GRAPH_2_BITS}"
        raise InputError(f"{needed_by}: no code of rate {rate:.4g}; allowed: {allowed}") from error


def with_harq(link: LinkConfig, config: Any) -> LinkConfig:
    """`link` with the `harq` of a scheme's configuration, where it has one of its own.

    Raises:
        InputError: the link has no code.
    """
    harq = getattr(config, "harq", None)
    if harq is None:
        return link
    if harq.repeats:
        coded(link, f"scheme {config.name!r}: harq {harq.kind}")
    return link.model_copy(update={"harq": harq})
