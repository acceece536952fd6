"""Waveform, channel, antennas and channel knowledge that do not fit are refused in one line that says what would."""

from pathlib import Path

import pytest

from linksim.common.errors import InputError
from linksim.link import LinkConfig
from linksim.scenario import load_scenario

SCENARIO = """
name: refused
images: {dataset: samples, size: 64}
sweep: {snr_db: [10]}
schemes: [{name: JPEG, kind: jpeg, quality: 50}]
link: LINK
"""
TDL = "channel: {kind: tdl, model: C, delay_spread_ns: 300}"


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (f"waveform: {{kind: ofdm, cyclic_prefix: 5}}, {TDL}", "give cyclic_prefix 6, or delay_spread_ns at most 267"),
        (f"waveform: {{kind: ofdm, preset: nr-30khz}}, {TDL}", "the last path of TDL-C comes 2,596 ns late"),
        (f"waveform: {{kind: ofdm, cyclic_prefix: 0}}, {TDL}", "delay_spread_ns at most 0"),
        (
            f"waveform: {{kind: ofdm, subcarriers: 12, cyclic_prefix: 12}}, {TDL.replace('300', '90000')}",
            "a longer prefix",
        ),
        (f"waveform: {{kind: ofdm, pilot_symbols: []}}, {TDL}, csi: {{kind: ls}}", "pilot_symbols is empty"),
        (f"waveform: {{kind: ofdm, pilot_symbols: []}}, {TDL}, csi: {{kind: lmmse}}", "pilot_symbols is empty"),
        ("waveform: {kind: ofdm, symbols_per_slot: 3, pilot_symbols: [0, 1, 2, 3]}", "4 pilots in a slot of 3"),
        ("waveform: {kind: ofdm, symbols_per_slot: 2, pilot_symbols: [0, 1]}", "leave none for data"),
        ("waveform: {kind: ofdm, pilot_symbols: [2, 14]}", "has no symbol 14; allowed: 0 to 13"),
        ("waveform: {kind: ofdm, pilot_symbols: [2, -1]}", "at least 0"),
        ("waveform: {kind: ofdm, pilot_symbols: [2, 2]}", "2 is given twice"),
        ("waveform: {kind: ofdm, pilot_symbols: 2}", "pilot_symbols"),
        ("waveform: {kind: ofdm, guards: [40, 32]}", "leave none of 72 subcarriers"),
        ("waveform: {kind: ofdm, subcarriers: 1, cyclic_prefix: 0, dc_null: true}", "leave none of 1 subcarriers"),
        ("waveform: {kind: ofdm, guards: [4]}", "guards"),
        ("waveform: {kind: ofdm, cyclic_prefix: 73}", "allowed: 0 to 72"),
        ("waveform: {kind: ofdm, preset: nr-60khz}", "nr-15khz"),
        ("waveform: {kind: otfs}", "ofdm"),
        ("waveform: {kind: single-carrier, subcarriers: 72}", "subcarriers"),
        ("channel: {kind: rayleigh, speed_m_s: 3}", "speed_m_s"),
        ("channel: {kind: tdl, model: C, delay_spread_ns: 30, coherence: block}", "coherence"),
        ("channel: {kind: tdl, delay_spread_ns: 30}", "model"),
        ("channel: {kind: tdl, model: F, delay_spread_ns: 30}", "'D' or 'E'"),
        (TDL, "give link.waveform: {kind: ofdm}"),
        (TDL.replace("tdl", "cdl"), "channel.kind cdl has paths with delays"),
        ("csi: {kind: ls}", "single-carrier does not send"),
        ("csi: {kind: lmmse}", "single-carrier does not send"),
        ("antennas: {receive: 2}", "antennas.receive 2 goes with link.waveform: {kind: ofdm}"),
        ("antennas: {receive: 3}", "1, 2 or 4"),
        ("waveform: {kind: ofdm}, csi: {kind: ls}", "give coherence: block"),
        ("waveform: {kind: ofdm}, csi: {kind: ls}, channel: {kind: rayleigh, coherence: 13}", "give coherence: block"),
        ("csi: {kind: ls, error_variance: 0.1}", "leave error_variance out"),
        ("csi: {interpolation: nearest}", "interpolation goes with kind: ls"),
        ("engine: fast", "compiled"),
    ],
)
def test_what_does_not_fit(tmp_path: Path, link: str, said: str) -> None:
    file = tmp_path / "refused.yaml"
    file.write_text(SCENARIO.replace("LINK", f"{{{link}}}"))
    with pytest.raises(InputError) as error:
        load_scenario(file)
    message = str(error.value)
    assert said in message
    assert len(message.splitlines()) == 1
    assert len(message) < 400


def test_the_capacity_of_other_channels_is_not_known() -> None:
    from linksim.schemes.base import SchemeContext
    from linksim.schemes.classical.ideal import IdealCodeScheme
    from linksim.schemes.config import JpegConfig

    config = JpegConfig(name="Bound", kind="jpeg", rho=0.1, mcs={"kind": "capacity"})
    link = LinkConfig(waveform={"kind": "ofdm"}, channel={"kind": "tdl", "model": "A", "delay_spread_ns": 30})
    with pytest.raises(InputError, match=r"'Bound': mcs capacity is that of flat fading on a single carrier"):
        IdealCodeScheme(config, SchemeContext(link, (config,), 1))


def test_what_fits() -> None:
    preset = LinkConfig(waveform={"kind": "ofdm", "preset": "nr-15khz", "subcarriers": 144}).waveform
    assert (preset.subcarrier_spacing_khz, preset.cyclic_prefix, preset.subcarriers) == (15.0, 10, 144)
    changed = LinkConfig(waveform={"kind": "ofdm", "preset": "nr-30khz", "cyclic_prefix": 6}).waveform
    assert changed.cyclic_prefix == 6
    LinkConfig(waveform={"kind": "ofdm"}, channel={"kind": "awgn"}, csi={"kind": "ls"}, antennas={"receive": 4})
    again = LinkConfig(waveform={"kind": "ofdm"}, csi={"kind": "ls"}, channel={"kind": "rayleigh", "coherence": 14})
    assert LinkConfig(**again.model_dump()) == again
    assert hash(again)
