"""The ledger counts everything; capacity is its inverse; the configuration refuses what cannot be sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from linksim.link import LinkConfig
from linksim.link.ledger import capacity_bits, ledger_of

codes = st.one_of(
    st.builds(
        lambda rate, block: {"kind": "ldpc5g", "rate": rate, "block_bits": block},
        st.floats(1 / 3, 0.92),
        st.integers(64, 8448),
    ),
    st.builds(
        lambda rate, block: {"kind": "ldpc5g", "rate": rate, "block_bits": block},
        st.floats(0.2, 0.92),
        st.integers(64, 3824),
    ),
    st.builds(lambda block: {"kind": "none", "block_bits": block}, st.integers(64, 20_000)),
)
configs = st.builds(
    lambda code, bits: LinkConfig(code=code, modulation={"bits_per_symbol": bits}),
    codes,
    st.sampled_from([1, 2, 4, 6, 8]),
)


@given(configs, st.integers(0, 10**6))
def test_ledger_adds_up(config: LinkConfig, source_bits: int) -> None:
    ledger = ledger_of(config, source_bits)
    assert ledger.source_bits + ledger.filler_bits + ledger.crc_bits == ledger.information_bits
    assert ledger.crc_bits == 24 * ledger.n_blocks
    assert ledger.coded_bits == ledger.channel_uses * config.modulation.bits_per_symbol
    assert ledger.coded_bits >= ledger.information_bits
    assert 0 <= ledger.filler_bits < config.payload_bits_per_block
    assert (ledger.n_blocks == 0) == (source_bits == 0)


@given(configs, st.integers(-5, 10**6))
def test_capacity_is_the_inverse_of_the_ledger(config: LinkConfig, channel_uses: int) -> None:
    most = capacity_bits(config, channel_uses)
    assert ledger_of(config, most).channel_uses <= max(0, channel_uses)
    assert ledger_of(config, most + 1).channel_uses > channel_uses


@given(configs)
def test_code_rate_is_the_one_asked_for_to_within_a_symbol(config: LinkConfig) -> None:
    if config.code.kind == "ldpc5g":
        exact = config.block_bits / config.code.rate
        assert abs(config.coded_bits_per_block - exact) <= config.modulation.bits_per_symbol


def test_the_papers_setting() -> None:
    """64-QAM, rate 1/2, k = 1536: 36,864 bits (64 x 64 indices of 9 bits) need 25 blocks of 512 symbols."""
    ledger = ledger_of(LinkConfig(), 36_864)
    assert (ledger.n_blocks, ledger.channel_uses, ledger.filler_bits) == (25, 12_800, 25 * 1512 - 36_864)


@pytest.mark.parametrize(
    "bad",
    [
        {"code": {"kind": "ldpc5g", "rate": 0.95}},
        {"code": {"kind": "ldpc5g", "rate": 0.25, "block_bits": 4000}},
        {"code": {"kind": "ldpc5g", "block_bits": 9000}},
        {"code": {"kind": "turbo"}},
        {"modulation": {"bits_per_symbol": 3}},
        {"channel": {"kind": "rician"}},
        {"channel": {"kind": "rayleigh", "k_factor_db": 3}},
        {"channel": {"kind": "rayleigh", "coherence": 0}},
        {"csi": {"error_variance": -1}},
        {"colour": "red"},
    ],
)
def test_bad_settings_are_refused(bad: dict) -> None:
    with pytest.raises(ValidationError):
        LinkConfig(**bad)
