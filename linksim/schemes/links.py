"""Variants of a link: another code rate or constellation, everything else the same."""

from linksim.common.errors import InputError
from linksim.link.coding.config import Ldpc5gConfig
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
    code = coded(link, needed_by)
    try:
        changed = Ldpc5gConfig(**code.model_dump() | {"rate": rate})
        return LinkConfig(**link.model_dump() | {"code": changed.model_dump()})
    except ValueError as error:
        low_high = "0.2 to 0.93, below 1/3 only with block_bits up to 3840"
        raise InputError(f"{needed_by}: no code of rate {rate:.4g}; allowed: {low_high}") from error


def with_mcs(link: LinkConfig, mcs: Mcs, needed_by: str) -> LinkConfig:
    """`link` with the code rate and constellation of `mcs`."""
    changed = with_rate(link, mcs.rate, needed_by)
    modulation = changed.modulation.model_copy(update={"bits_per_symbol": mcs.bits_per_symbol})
    return changed.model_copy(update={"modulation": modulation})
