"""What the layered decoder loses and leaves wrong beside Sionna's: `python -m benchmarks.decoders [--blocks N]`.

Both are given the same LLRs, BPSK over AWGN, at most 20 iterations each, at the Es/N0 where the layered decoder loses about a half and
about a tenth of the blocks (found by bisection). For each code rate and block length: block error rates with the half width of their
95 % intervals, wrong information bits of a failed block, of all that either loses and of those that both lose, and the ratio of the
latter. Blocks of 8448 bits begin at rate 0.26: up to 1/4, 5G has none of more than 3840 (3GPP TS 38.212, 5.2.2).
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from linksim.common.seeds import generator
from linksim.link.coding.config import HIGHEST_CODE_RATE
from linksim.link.coding.layered import decode_layered
from linksim.link.coding.ldpc import LdpcCode, ldpc_code
from linksim.link.coding.ldpc5g import flooding_decoder

ITERATIONS = 20
RATES = (0.1, 0.2, 1 / 3, 0.5, 0.75, HIGHEST_CODE_RATE)
LENGTHS = (64, 264, 1536, 3840, 8448)
LOST = (0.5, 0.1)
SEARCH_BLOCKS, SEARCH_STEPS = 192, 7


def channel_llrs(n: int, blocks: int, es_no_db: float, key: str) -> np.ndarray:
    """LLRs float32 `[blocks, n]` of the all-zero codeword, BPSK over AWGN."""
    no = 10 ** (-es_no_db / 10)
    noise = generator("decoders", key, n).standard_normal((blocks, n), dtype=np.float32)
    return (-4 / no * (1 + np.sqrt(no / 2) * noise)).astype(np.float32)


def snr_of(code: LdpcCode, lost: float) -> float:
    """Es/N0 in dB at which the layered decoder loses about this share of the blocks."""
    low = 10 * np.log10(2 ** (2 * code.k / code.n) - 1) - 3 - 2  # BPSK has half the noise to itself
    high = low + 10
    for _ in range(SEARCH_STEPS):
        middle = (low + high) / 2
        llr = channel_llrs(code.n, SEARCH_BLOCKS, middle, "search")
        failed = (decode_layered(code.graph(), code.spread(llr), ITERATIONS).llr > 0).any(axis=1).mean()
        low, high = (middle, high) if failed > lost else (low, middle)
    return round(float(low + high) / 2, 2)


def row(k: int, rate: float, lost: float, blocks: int) -> str:
    """One line of the table."""
    n = int(np.ceil(k / rate - 1e-9))
    code = ldpc_code(k, n, 1)
    es_no_db = snr_of(code, lost)
    variables = code.spread(channel_llrs(n, blocks, es_no_db, "measure"))
    wrong = [
        (soft > 0).sum(axis=1)
        for soft in (
            flooding_decoder(code.graph()).decode(variables, ITERATIONS).llr,
            decode_layered(code.graph(), variables, ITERATIONS).llr,
        )
    ]
    both = (wrong[0] > 0) & (wrong[1] > 0)
    cells = [f"{rate:.3g}", str(k), f"{es_no_db:.2f}", str(blocks)]
    for count in wrong:
        share = float(np.mean(count > 0))
        cells.append(f"{share:.3f} ± {1.96 * np.sqrt(share * (1 - share) / blocks):.3f}")
    cells += [f"{count[count > 0].mean():.1f}" if count.any() else "-" for count in wrong]
    cells += [f"{count[both].mean():.1f}" if both.any() else "-" for count in wrong]
    cells.append(f"{wrong[1][both].sum() / wrong[0][both].sum():.2f} ({both.sum()})" if both.any() else "-")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=512, help="blocks per point; a quarter of 3840 bits and more")
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS)
    parser.add_argument("--rates", type=float, nargs="+", default=RATES)
    arguments = parser.parse_args()
    titles = [
        "rate",
        "k",
        "Es/N0 (dB)",
        "blocks",
        "lost by `sionna`",
        "by `layered`",
        "wrong bits, `sionna`",
        "`layered`",
    ]
    titles += ["where both lose, `sionna`", "`layered`", "ratio (blocks)"]
    print(f"| {' | '.join(titles)} |\n{'| --- ' * len(titles)}|")
    for k in arguments.lengths:
        for rate in arguments.rates:
            if k > 3840 and rate < 0.26:
                continue
            for lost in LOST:
                print(row(k, rate, lost, arguments.blocks // (4 if k >= 3840 else 1)), flush=True)


if __name__ == "__main__":
    main()
