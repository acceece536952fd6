"""Link speed against a plain Sionna script with `LDPC5GDecoder`'s defaults: `python -m benchmarks.link [--json FILE]`.

All send the same number of blocks of k = 1536, n = 3072, 64-QAM over symbol-wise Rayleigh fading at the same SNRs, in one
process, in turns, at most 20 iterations. The ratio of links compares everything from payload bits to decided bits; the ratio
of decoding gives the decoders the same channel LLRs. Compilation is done before the clock starts, and the least of the
repetitions counts. Wall time is what a user waits for; CPU time (all threads) hardly changes when other programs run beside it.

The JSON has, by decoder, `sweep_ratio`, `by_snr_db` with `ratio` and the seconds, block error rates and iterations behind it
(`plain_*`: the plain script, `cpu_*`: CPU time, `*_decoding_*`: decoding alone), and the same ratios of the sweep. Decided bits are
compared with those of the plain script (`bits_decided_differently`, and the largest plain LLR among them), and with those of Sionna's decoder
with `cn_update="boxplus"`, the rule of linksim's `sionna` (`bits_unlike_boxplus`).
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from numba import get_num_threads

from linksim.link import Link, LinkConfig

K, N, BITS_PER_SYMBOL, ITERATIONS = 1536, 3072, 6, 20
DECODERS = ("sionna", "layered")
KINDS = {"": "s", "cpu_": "cpu_s", "decoding_": "decoding_s", "cpu_decoding_": "cpu_decoding_s"}


class PlainSionna:
    """The link as a Sionna tutorial writes it: blocks of the library with their defaults, in one `tf.function`."""

    def __init__(self, blocks: int) -> None:
        import tensorflow as tf
        from sionna.phy.channel import AWGN
        from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder
        from sionna.phy.mapping import BinarySource, Constellation, Demapper, Mapper
        from sionna.phy.utils import complex_normal

        encoder = LDPC5GEncoder(K, N, num_bits_per_symbol=BITS_PER_SYMBOL)
        decoder = LDPC5GDecoder(encoder, num_iter=ITERATIONS)
        constellation = Constellation("qam", BITS_PER_SYMBOL)
        mapper, demapper = Mapper(constellation=constellation), Demapper("app", constellation=constellation)
        source, awgn = BinarySource(), AWGN()

        @tf.function
        def link(no: Any) -> Any:
            bits = source([blocks, K])
            x = mapper(encoder(bits))
            h = complex_normal(x.shape)
            y = awgn(h * x, no)
            return bits, decoder(demapper(y / h, no / tf.abs(h) ** 2))

        self._link = link
        self._decode = tf.function(lambda llr: decoder(llr))
        self._soft = {
            rule: tf.function(LDPC5GDecoder(encoder, num_iter=ITERATIONS, cn_update=rule, hard_out=False).call)
            for rule in ("boxplus-phi", "boxplus")
        }

    def run(self, es_no_db: float) -> None:
        """All blocks once, at an Es/N0 in dB."""
        for result in self._link(np.float32(10 ** (-es_no_db / 10))):
            result.numpy()

    def decode(self, llr: np.ndarray) -> np.ndarray:
        """Decided bits bool `[blocks, K]` of channel LLRs `[blocks, N]`."""
        return self._decode(llr).numpy() > 0

    def soft(self, llr: np.ndarray, rule: str) -> np.ndarray:
        """LLRs float32 `[blocks, K]` of the decoder with another check node rule; `boxplus-phi` is the default."""
        soft: np.ndarray = self._soft[rule](llr).numpy()
        return soft


class Clock:
    """The least wall and CPU seconds of an action, over its repetitions."""

    def __init__(self, action: Callable[[int], Any]) -> None:
        self._action = action
        self.seconds = self.cpu_seconds = float("inf")
        self.result: Any = None

    def repeat(self, repetition: int) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        self.result = self._action(repetition)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        self.seconds, self.cpu_seconds = min(wall, self.seconds), min(cpu, self.cpu_seconds)


def channel_llrs(blocks: int, es_no_db: float) -> np.ndarray:
    """Descrambled channel LLRs float32 `[blocks, N]` of the all-zero codeword, by the link's own front end."""
    from linksim.link.parts import air_of

    air = air_of(LinkConfig())
    world = air.draw(es_no_db, [("benchmark", "llr", i) for i in range(blocks)])
    return air.llrs(np.zeros_like(world.scrambling), world)


def ldpc_of_benchmark() -> Any:
    """The code of these measurements, as `linksim.link.coding.ldpc.LdpcCode`."""
    from linksim.link.coding.ldpc import ldpc_code

    return ldpc_code(K, N, BITS_PER_SYMBOL)


def decoder_of(name: str) -> Callable[[np.ndarray], Any]:
    """One of `DECODERS` as a function of channel LLRs."""
    from linksim.link.coding.layered import decode_layered
    from linksim.link.coding.ldpc5g import flooding_decoder

    code = ldpc_of_benchmark()
    if name == "layered":
        return lambda llr: decode_layered(code.graph(), code.spread(llr), ITERATIONS)
    return lambda llr: flooding_decoder(code.graph()).decode(code.spread(llr), ITERATIONS)


def measure(blocks: int, repetitions: int, snrs: list[float]) -> dict[str, Any]:
    """Seconds, ratios and error rates by decoder and SNR."""
    from linksim.link.coding.flooding import BATCH_SIZES

    plain = PlainSionna(blocks)
    configs = {
        name: LinkConfig(code={"kind": "ldpc5g", "decoder": name, "iterations": ITERATIONS}) for name in DECODERS
    }
    decoders = {name: decoder_of(name) for name in DECODERS}
    payload = np.zeros(blocks * configs["sionna"].payload_bits_per_block, np.uint8)

    # Compiles every batch shape before the clock starts.
    noise = channel_llrs(blocks, 0.0)
    plain.run(0.0)
    plain.decode(noise)
    for size in BATCH_SIZES:
        decoders["sionna"](noise[: size * get_num_threads()])  # which share the blocks
    for config in configs.values():
        Link(config).transmit([payload], 0.0, [("warm-up",)])

    rows: dict[str, dict[str, dict[str, float]]] = {name: {} for name in DECODERS}
    for es_no_db in snrs:
        llr = channel_llrs(blocks, es_no_db)
        clocks = {
            "plain": Clock(lambda _, snr=es_no_db: plain.run(snr)),
            "plain decoding": Clock(lambda _, llr=llr: plain.decode(llr)),
        }
        for name in DECODERS:
            link = Link(configs[name])
            clocks[name] = Clock(lambda r, link=link, snr=es_no_db: link.transmit([payload], snr, [("blocks", r)])[0])
            clocks[f"{name} decoding"] = Clock(lambda _, decode=decoders[name], llr=llr: decode(llr))
        for repetition in range(repetitions):
            for clock in clocks.values():
                clock.repeat(repetition)
        references = {rule: plain.soft(llr, rule) for rule in ("boxplus-phi", "boxplus")}
        for name in DECODERS:
            rows[name][f"{es_no_db:g}"] = row_of(clocks, name, blocks) | differences(clocks, name, references)
        so_far = ", ".join(f"{name} {rows[name][f'{es_no_db:g}']['ratio']:.1f} x" for name in DECODERS)
        print(f"{es_no_db:g} dB: {so_far} plain Sionna", file=sys.stderr, flush=True)
    return {name: summary(rows[name]) for name in DECODERS}


def row_of(clocks: dict[str, Clock], name: str, blocks: int) -> dict[str, float]:
    """One decoder at one SNR. The decoders' error rates are of the same channel LLRs; the sent bits are zeros."""
    times: dict[str, float] = {}
    for side, link, decoding in (("plain_", "plain", "plain decoding"), ("", name, f"{name} decoding")):
        times[f"{side}s"], times[f"{side}cpu_s"] = clocks[link].seconds, clocks[link].cpu_seconds
        times[f"{side}decoding_s"] = clocks[decoding].seconds
        times[f"{side}cpu_decoding_s"] = clocks[decoding].cpu_seconds
    soft, iterations = clocks[f"{name} decoding"].result
    decided, reference = soft > 0, clocks["plain decoding"].result
    return {
        **{f"{kind}ratio": times[f"plain_{key}"] / times[key] for kind, key in KINDS.items()},
        **times,
        "ms_per_block": 1e3 * times["s"] / blocks,
        "information_bits_per_s": blocks * K / times["s"],
        "mean_iterations": float(iterations.mean()),
        "bler": float(decided.any(axis=1).mean()),
        "plain_bler": float(reference.any(axis=1).mean()),
        "ber": float(decided.mean()),
        "plain_ber": float(reference.mean()),
    }


def differences(clocks: dict[str, Clock], name: str, references: dict[str, np.ndarray]) -> dict[str, float]:
    """Where a decoder decides other than Sionna's: how many bits and blocks, and how sure the plain decoder was of these bits."""
    decided = clocks[f"{name} decoding"].result[0] > 0
    default = references["boxplus-phi"]
    differ = decided != clocks["plain decoding"].result
    return {
        "bits_decided_differently": int(differ.sum()),
        "blocks_decided_differently": int(differ.any(axis=1).sum()),
        "delivered_blocks_decided_differently": int((differ.any(axis=1) & ~(default > 0).any(axis=1)).sum()),
        "largest_llr_decided_differently": float(np.abs(default[differ]).max(initial=0.0)),
        "bits_unlike_boxplus": int((decided != (references["boxplus"] > 0)).sum()),
    }


def summary(rows: dict[str, dict[str, float]]) -> dict[str, Any]:
    """`by_snr_db` and the ratios of the sums over the sweep."""

    def total(key: str) -> float:
        return sum(row[key] for row in rows.values())

    ratios = {f"sweep_{kind}ratio": total(f"plain_{key}") / total(key) for kind, key in KINDS.items()}
    return {**ratios, "by_snr_db": rows}


def print_table(name: str, result: dict[str, Any]) -> None:
    print(
        f"\n{name}: link {result['sweep_ratio']:.1f} x plain Sionna (CPU time {result['sweep_cpu_ratio']:.1f} x), "
        f"decoding alone {result['sweep_decoding_ratio']:.1f} x (CPU time {result['sweep_cpu_decoding_ratio']:.1f} x)\n"
    )
    titles = [
        "Es/N0 (dB)",
        "link",
        "CPU",
        "decoding",
        "CPU",
        "ms/block",
        "Mbit/s",
        "iterations",
        "BLER",
        "plain BLER",
        "other bits",
        "at an LLR up to",
        "other bits than boxplus",
    ]
    print(f"| {' | '.join(titles)} |\n{'| --- ' * len(titles)}|")
    for snr, row in result["by_snr_db"].items():
        ratios = " | ".join(f"{row[f'{kind}ratio']:.1f}" for kind in KINDS)
        print(
            f"| {snr} | {ratios} | {row['ms_per_block']:.3f} | {row['information_bits_per_s'] / 1e6:.2f} "
            f"| {row['mean_iterations']:.1f} | {row['bler']:.3f} | {row['plain_bler']:.3f} "
            f"| {row['bits_decided_differently']} | {row['largest_llr_decided_differently']:.1g} | {row['bits_unlike_boxplus']} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--blocks", type=int, default=128, help="blocks per SNR")
    parser.add_argument("--repetitions", type=int, default=3, help="the fastest counts")
    parser.add_argument("--snr-db", type=float, nargs="+", default=[float(s) for s in range(0, 21, 2)])
    arguments = parser.parse_args()
    results = measure(arguments.blocks, arguments.repetitions, arguments.snr_db)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{platform.machine()}, {os.cpu_count()} cores{load}; {arguments.blocks} blocks per SNR")
    for name, result in results.items():
        print_table(name, result)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
