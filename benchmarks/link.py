"""Link speed against a plain Sionna script with `LDPC5GDecoder`'s defaults: `python -m benchmarks.link [--json FILE]`.

Both send the same number of blocks of k = 1536, n = 3072, 64-QAM over symbol-wise Rayleigh fading at the same SNRs, in one
process, in turns. The ratio of whole links compares everything from payload bits to decided bits; the ratio of decoding
gives both decoders the same channel LLRs. Compilation is done before the clock starts. The least of the repetitions counts.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from linksim.link import Link, LinkConfig

K, N, BITS_PER_SYMBOL, ITERATIONS = 1536, 3072, 6, 20
DECODERS = ("sionna", "layered")


class PlainSionna:
    """The link as a Sionna tutorial writes it: every block of the library with its defaults, in one `tf.function`."""

    def __init__(self, blocks: int) -> None:
        import tensorflow as tf
        from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder
        from sionna.phy.mapping import Constellation, Demapper, Mapper

        encoder = LDPC5GEncoder(K, N, num_bits_per_symbol=BITS_PER_SYMBOL)
        decoder = LDPC5GDecoder(encoder, num_iter=ITERATIONS)
        constellation = Constellation("qam", BITS_PER_SYMBOL)
        mapper, demapper = Mapper(constellation=constellation), Demapper("app", constellation=constellation)

        @tf.function
        def link(no: Any) -> Any:
            bits = tf.cast(tf.random.uniform([blocks, K], 0, 2, tf.int32), tf.float32)
            x = mapper(encoder(bits))
            h, w = (
                tf.complex(tf.random.normal(x.shape, stddev=0.5**0.5), tf.random.normal(x.shape, stddev=0.5**0.5))
                for _ in range(2)
            )
            y = h * x + tf.cast(tf.sqrt(no), tf.complex64) * w
            return bits, decoder(demapper(y / h, no / tf.abs(h) ** 2))

        self._link = link
        self.decode = tf.function(lambda llr: decoder(llr))

    def run(self, es_no_db: float) -> float:
        """Block error rate at an Es/N0 in dB."""
        import tensorflow as tf

        bits, decided = self._link(tf.constant(10 ** (-es_no_db / 10), tf.float32))
        return float(np.mean(np.any(bits.numpy() != decided.numpy(), axis=1)))


def clocked(action: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def channel_llrs(blocks: int, es_no_db: float) -> np.ndarray:
    """Descrambled channel LLRs float32 `[blocks, N]` of the all-zero codeword, by the link's own front end."""
    from linksim.link.channel import draw
    from linksim.link.demapping import channel_llrs as demap
    from linksim.link.modulation import gray_pam

    world = draw(LinkConfig(), es_no_db, [("benchmark", "llr", i) for i in range(blocks)])
    zeros = np.zeros_like(world.scrambling)
    front = (world.fading, world.estimate, world.noise, world.noise_variance, BITS_PER_SYMBOL, True)
    return demap(zeros, world.scrambling, gray_pam(BITS_PER_SYMBOL), *front)


def measure(blocks: int, repetitions: int, snrs: list[float]) -> dict[str, Any]:
    """Seconds, ratios and error rates by decoder and SNR."""
    import tensorflow as tf

    from linksim.link.layered import decode_layered
    from linksim.link.ldpc import ldpc_code

    plain = PlainSionna(blocks)
    configs = {d: LinkConfig(code={"kind": "ldpc5g", "decoder": d, "iterations": ITERATIONS}) for d in DECODERS}
    code = ldpc_code(K, N, BITS_PER_SYMBOL)
    decode = {
        "sionna": lambda llr: code.decode(llr, ITERATIONS),
        "layered": lambda llr: decode_layered(code, llr, ITERATIONS),
    }
    payload = np.zeros(blocks * configs["sionna"].payload_bits_per_block, np.uint8)

    for es_no_db in (0.0, 13.0, 14.0, 15.0, 20.0):  # compile every batch shape
        plain.run(es_no_db)
        for name in DECODERS:
            Link(configs[name]).transmit([payload], es_no_db, [("warm-up", es_no_db)])
    plain.decode(tf.constant(channel_llrs(blocks, 20.0)))

    rows: dict[str, dict[float, dict[str, float]]] = {name: {} for name in DECODERS}
    for es_no_db in snrs:
        llr = channel_llrs(blocks, es_no_db)
        tensor = tf.constant(llr)
        theirs = [clocked(lambda s=es_no_db: plain.run(s)) for _ in range(repetitions)]
        decoding = [clocked(lambda t=tensor: plain.decode(t).numpy()) for _ in range(repetitions)]
        for name in DECODERS:
            link, ours, own_decoding = Link(configs[name]), [], []
            for r in range(repetitions):
                ours.append(clocked(lambda k=("run", r), s=es_no_db, at=link: at.transmit([payload], s, [k])[0]))
                own_decoding.append(clocked(lambda d=decode[name], x=llr: d(x)))
            seconds, reception = min(ours, key=lambda pair: pair[0])
            decided = own_decoding[0][1].llr > 0
            reference = decoding[0][1] > 0
            rows[name][es_no_db] = {
                "plain_s": min(theirs)[0],
                "s": seconds,
                "plain_decoding_s": min(decoding, key=lambda pair: pair[0])[0],
                "decoding_s": min(own_decoding, key=lambda pair: pair[0])[0],
                "ms_per_block": 1e3 * seconds / blocks,
                "information_bits_per_s": blocks * K / seconds,
                "mean_iterations": float(reception.iterations.mean()),
                "bler": float(decided.any(axis=1).mean()),
                "plain_bler": float(reference.any(axis=1).mean()),
                "blocks_decided_differently": int((decided != reference).any(axis=1).sum()),
            }
    return {name: summary(rows[name]) for name in DECODERS}


def summary(rows: dict[float, dict[str, float]]) -> dict[str, Any]:
    """`sweep_ratio`, `decoding_ratio` and `by_snr_db`, each with its ratios."""

    def total(key: str) -> float:
        return sum(row[key] for row in rows.values())

    for row in rows.values():
        row["ratio"] = row["plain_s"] / row["s"]
        row["decoding_ratio"] = row["plain_decoding_s"] / row["decoding_s"]
    return {
        "sweep_ratio": total("plain_s") / total("s"),
        "decoding_ratio": total("plain_decoding_s") / total("decoding_s"),
        "by_snr_db": {f"{snr:g}": row for snr, row in rows.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--blocks", type=int, default=256, help="blocks per SNR")
    parser.add_argument("--repetitions", type=int, default=3, help="the fastest counts")
    parser.add_argument("--snr-db", type=float, nargs="+", default=[float(s) for s in range(0, 21, 2)])
    arguments = parser.parse_args()
    results = measure(arguments.blocks, arguments.repetitions, arguments.snr_db)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; {arguments.blocks} blocks per SNR")
    for name, result in results.items():
        print(f"\n{name}: link {result['sweep_ratio']:.1f} x, decoding {result['decoding_ratio']:.1f} x plain Sionna")
        print("  SNR   plain s  linksim s  ratio  decoding ratio  ms/block  Mbit/s  iterations  BLER (plain)   differ")
        for snr, row in result["by_snr_db"].items():
            print(
                f"  {snr:>3} {row['plain_s']:>9.3f} {row['s']:>10.3f} {row['ratio']:>6.1f} {row['decoding_ratio']:>15.1f}"
                f" {row['ms_per_block']:>9.3f} {row['information_bits_per_s'] / 1e6:>7.2f} {row['mean_iterations']:>11.1f}"
                f"  {row['bler']:.3f} ({row['plain_bler']:.3f}) {row['blocks_decided_differently']:>8}"
            )
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
