"""OFDM against plain Sionna: `python -m benchmarks.ofdm [--blocks N] [--json FILE]`, and its speed: `--speed`.

The plain script is written as Sionna's documentation writes a link: source, encoder, mapper, resource grid mapper, `OFDMChannel`, LS estimator
or perfect knowledge, LMMSE equalizer, demapper, decoder, all with the library's own random numbers. A block fills a slot: 48 subcarriers at
30 kHz, 14 OFDM symbols of which 2 and 11 are pilots, 16-QAM, rate 1/2. Both count blocks that are decoded wrongly over TDL-A (30 ns, 120 km/h)
and TDL-C (300 ns, 3 km/h), and the difference is held against its 95 % interval.

`--speed` sends data symbols over 72 subcarriers, TDL, LS estimates and the LMMSE equalizer with two antennas, from drawing to LLRs, without a
decoder; the least of the repetitions counts.
"""

import argparse
import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from linksim.link import Link, LinkConfig

SUBCARRIERS, PREFIX, SYMBOLS, PILOTS, SPACING_KHZ = 48, 4, 14, (2, 11), 30.0
BITS_PER_SYMBOL, ITERATIONS, CARRIER_GHZ = 4, 20, 3.5
N = SUBCARRIERS * (SYMBOLS - len(PILOTS)) * BITS_PER_SYMBOL
K = N // 2
CHANNELS = {"A": (30.0, 120 / 3.6), "C": (300.0, 3 / 3.6)}
"""Delay spread in ns and speed in m/s by TDL model."""
SNRS_DB = {1: (6.0, 9.0, 12.0, 16.0), 2: (3.0, 5.0, 7.0, 10.0)}
"""Es/N0 by receive antennas."""


class PlainSionna:
    """The link of Sionna's documentation, `batch` slots in a `tf.function`."""

    def __init__(self, model: str, csi: str, antennas: int, batch: int) -> None:
        import tensorflow as tf
        from sionna.phy.channel import OFDMChannel
        from sionna.phy.channel.tr38901 import TDL
        from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder
        from sionna.phy.mapping import BinarySource, Demapper, Mapper
        from sionna.phy.mimo import StreamManagement
        from sionna.phy.ofdm import (
            LMMSEEqualizer,
            LSChannelEstimator,
            RemoveNulledSubcarriers,
            ResourceGrid,
            ResourceGridMapper,
        )

        grid = ResourceGrid(
            num_ofdm_symbols=SYMBOLS,
            fft_size=SUBCARRIERS,
            subcarrier_spacing=1e3 * SPACING_KHZ,
            cyclic_prefix_length=PREFIX,
            pilot_pattern="kronecker",
            pilot_ofdm_symbol_indices=list(PILOTS),
        )
        spread, speed = CHANNELS[model]
        tdl = TDL(model, 1e-9 * spread, 1e9 * CARRIER_GHZ, min_speed=speed, num_rx_ant=antennas)
        channel = OFDMChannel(tdl, grid, return_channel=True)
        encoder = LDPC5GEncoder(K, N, num_bits_per_symbol=BITS_PER_SYMBOL)
        decoder = LDPC5GDecoder(encoder, num_iter=ITERATIONS)
        source, mapper, grid_mapper = BinarySource(), Mapper("qam", BITS_PER_SYMBOL), ResourceGridMapper(grid)
        estimator, remove = LSChannelEstimator(grid, interpolation_type="lin"), RemoveNulledSubcarriers(grid)
        equalizer = LMMSEEqualizer(grid, StreamManagement(np.array([[1]]), 1))
        demapper = Demapper("app", "qam", BITS_PER_SYMBOL)

        @tf.function
        def failed(no: Any) -> Any:
            bits = source([batch, 1, 1, K])
            received, response = channel(grid_mapper(mapper(encoder(bits))), no)
            estimate, error = (remove(response), 0.0) if csi == "perfect" else estimator(received, no)
            equalized, effective = equalizer(received, estimate, error, no)
            return tf.reduce_any(decoder(demapper(equalized, effective)) != bits, axis=-1)

        self._failed, self._batch = failed, batch

    def failures(self, es_no_db: float, blocks: int) -> int:
        """Wrongly decoded blocks of `blocks`, a multiple of the batch."""
        no = np.float32(10 ** (-es_no_db / 10))
        return sum(int(self._failed(no).numpy().sum()) for _ in range(blocks // self._batch))


def config_of(model: str, csi: str, antennas: int) -> LinkConfig:
    """The same link here."""
    spread, speed = CHANNELS[model]
    return LinkConfig(
        code={"kind": "ldpc5g", "rate": K / N, "block_bits": K, "iterations": ITERATIONS},
        modulation={"bits_per_symbol": BITS_PER_SYMBOL},
        waveform={
            "kind": "ofdm",
            "subcarriers": SUBCARRIERS,
            "cyclic_prefix": PREFIX,
            "symbols_per_slot": SYMBOLS,
            "pilot_symbols": PILOTS,
            "subcarrier_spacing_khz": SPACING_KHZ,
        },
        channel={
            "kind": "tdl",
            "model": model,
            "delay_spread_ns": spread,
            "speed_m_s": speed,
            "carrier_ghz": CARRIER_GHZ,
        },
        csi={"kind": csi},
        antennas={"receive": antennas},
        share_blocks=False,
    )


def failures(link: Link, es_no_db: float, blocks: int) -> int:
    """Blocks of random bits that are decoded wrongly here."""
    rng = np.random.default_rng(7)
    payload = rng.integers(0, 2, blocks * link.config.payload_bits_per_block, np.uint8)
    (received,) = link.transmit([payload], es_no_db, [("plain sionna", link.config.channel.model)])
    wrong = (received.bits != payload).reshape(blocks, -1).any(axis=1)
    return int((wrong | ~received.block_ok).sum())


def compare(blocks: int, only: list[str], batch: int = 50) -> list[dict[str, Any]]:
    """Both block error rates at each point, or at those of `only`, such as `C/ls/2/3` (model, CSI, antennas, Es/N0)."""
    rows = []
    for model in CHANNELS:
        for csi in ("perfect", "ls"):
            for antennas, all_snrs in SNRS_DB.items():
                snrs = [snr for snr in all_snrs if not only or f"{model}/{csi}/{antennas}/{snr:g}" in only]
                if not snrs:
                    continue
                link, plain = Link(config_of(model, csi, antennas)), PlainSionna(model, csi, antennas, batch)
                for es_no_db in snrs:
                    ours = failures(link, es_no_db, blocks) / blocks
                    theirs = plain.failures(es_no_db, blocks) / blocks
                    pooled = (ours + theirs) / 2
                    half = 1.96 * math.sqrt(2 * pooled * (1 - pooled) / blocks)
                    rows.append(
                        {
                            "channel": f"TDL-{model}",
                            "csi": csi,
                            "antennas": antennas,
                            "es_no_db": es_no_db,
                            "blocks": blocks,
                            "bler": ours,
                            "plain_bler": theirs,
                            "interval": half,
                            "agrees": abs(ours - theirs) <= half,
                        }
                    )
                    print(rows[-1], file=sys.stderr, flush=True)
    return rows


def speed(slots: int, repetitions: int) -> None:
    """Data symbols a second over 72 subcarriers with two antennas, LS estimates and LMMSE equalizer."""
    from linksim.link.parts import air_of

    for model, (spread, metres) in CHANNELS.items():
        config = config_of(model, "ls", 2)
        waveform = config.waveform.model_copy(update={"subcarriers": 72, "cyclic_prefix": 6})
        channel = config.channel.model_copy(update={"delay_spread_ns": spread, "speed_m_s": metres})
        code = {"kind": "none", "block_bits": waveform.data_elements * BITS_PER_SYMBOL}
        changed = {"waveform": waveform.model_dump(), "channel": channel.model_dump(), "code": code}
        air = air_of(LinkConfig(**config.model_dump() | changed))
        bits = np.zeros((slots, air.symbols_per_block * BITS_PER_SYMBOL), np.uint8)
        wall, cpu = math.inf, math.inf
        for repetition in range(repetitions + 1):
            keys = [("speed", repetition, number) for number in range(slots)]
            started, used = time.perf_counter(), time.process_time()
            air.llrs(bits, air.draw(10.0, keys))
            if repetition:  # the first one compiles
                wall, cpu = min(wall, time.perf_counter() - started), min(cpu, time.process_time() - used)
        sent = slots * air.symbols_per_block / 1e6
        print(
            f"TDL-{model}, LS, LMMSE, 2 antennas: {sent / wall:.2f} million data symbols a second, {sent / cpu:.2f} per CPU second"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the comparison to this file")
    parser.add_argument("--blocks", type=int, default=1000, help="blocks per point, a multiple of 50")
    parser.add_argument("--only", nargs="+", default=[], help="points such as C/ls/2/3: model, CSI, antennas, Es/N0")
    parser.add_argument("--speed", action="store_true", help="measure the speed instead")
    arguments = parser.parse_args()
    if arguments.speed:
        speed(slots=256, repetitions=5)
        return
    rows = compare(arguments.blocks, arguments.only)
    print("| channel | CSI | antennas | Es/N0 (dB) | linksim | plain Sionna | 95 % of the difference | |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        print(
            f"| {row['channel']} | {row['csi']} | {row['antennas']} | {row['es_no_db']:g} | {row['bler']:.3f} "
            f"| {row['plain_bler']:.3f} | ±{row['interval']:.3f} | {'within' if row['agrees'] else 'outside'} |"
        )
    print(f"\n{sum(row['agrees'] for row in rows)} of {len(rows)} points within, {arguments.blocks} blocks each")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
