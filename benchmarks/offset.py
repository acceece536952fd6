"""Block error rate of the layered decoder by the offset of its min-sum rule: `python -m benchmarks.offset [--blocks N]`.

k = 1536, rate 1/2, 64-QAM, Rayleigh fading symbol by symbol. All offsets and Sionna's decoder are given the same channel LLRs; the offset
that `linksim.link.coding.layered` uses is marked.
"""

import argparse

import numpy as np

from benchmarks.link import ITERATIONS, channel_llrs, decoder_of, ldpc_of_benchmark
from linksim.link.coding.layered import OFFSET, STEPS_PER_UNIT, decode_layered

OFFSETS = range(2, 7)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=1024, help="blocks per SNR")
    parser.add_argument("--snr-db", type=float, nargs="+", default=[12.0, 12.5, 13.0])
    arguments = parser.parse_args()
    code = ldpc_of_benchmark()
    titles = [f"{o / STEPS_PER_UNIT:g}{' (used)' if o == OFFSET else ''}" for o in OFFSETS]
    print(f"| Es/N0 (dB) | {' | '.join(titles)} | sionna |\n{'| --- ' * (len(titles) + 2)}|")
    for es_no_db in arguments.snr_db:
        llr = channel_llrs(arguments.blocks, es_no_db)
        decided = [decode_layered(code, code.spread(llr), ITERATIONS, offset).llr for offset in OFFSETS]
        decided.append(decoder_of("sionna")(llr).llr)
        rates = [f"{np.mean((soft > 0).any(axis=1)):.4f}" for soft in decided]
        print(f"| {es_no_db:g} | {' | '.join(rates)} |", flush=True)


if __name__ == "__main__":
    main()
