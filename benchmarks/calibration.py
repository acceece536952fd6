"""How far the link's LLRs can be trusted, and whether a scale on them helps: `python -m benchmarks.calibration [CHECKPOINT]`.

Indices of the sample photographs go over 64-QAM with symbol-wise Rayleigh fading, coded (rate 1/2, blocks of 1536 bits) and uncoded.
For each Es/N0: block and bit-error rate, the bit-error rate that the LLRs of failed blocks claim, the scale fitted on other blocks
(`calibration.fit_llr_scale`), and the mean squared error per dimension of the received features against the sent codewords, of hard
decisions and of the soft receiver at scale 1 and at the fitted scale.
"""

import argparse
import itertools
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from linksim.codebook.calibration import fit_llr_scale, reliability_curve
from linksim.codebook.labels import bits_to_labels, indices_to_bits
from linksim.codebook.receiver import Hard, Soft
from linksim.common.seeds import generator
from linksim.data.images import ImagesConfig, open_images
from linksim.link import Link, LinkConfig
from linksim.semantic.codec import SemanticCodec, load_checkpoint

SNRS_DB = (8, 10, 11, 12, 13)
FIT_BLOCKS = 96
EDGES = np.array([0, 1, 2, 4, 7, 11, 30])
LINKS = {
    "coded, sionna": {},
    "coded, layered": {"code": {"kind": "ldpc5g", "decoder": "layered"}},
    "coded, max-log": {"demapping": "maxlog"},
    "coded, block fading": {"channel": {"kind": "rayleigh", "coherence": "block"}},
    "coded, CSI error 0.01": {"csi": {"error_variance": 0.01}},
    "uncoded": {"code": {"kind": "none"}},
    "uncoded, CSI error 0.01": {"code": {"kind": "none"}, "csi": {"error_variance": 0.01}},
}


def sample_bits(codec: SemanticCodec) -> np.ndarray:
    """Payload of the sample photographs at 256 x 256."""
    parts = [
        codec.indices_of(codec.encode(image[None]), codec.codebook).reshape(-1)
        for _, image in open_images(ImagesConfig(dataset="samples", size=256)).readable()
    ]
    return indices_to_bits(np.concatenate(parts), len(codec.codebook))


def feature_errors(codec: SemanticCodec, bits: np.ndarray, llr: np.ndarray, scale: float) -> list[float]:
    """Squared error per dimension against the sent codewords: hard, soft at scale 1, soft at `scale`."""
    sent = codec.codebook[bits_to_labels(bits, len(codec.codebook))]
    receivers = [Hard(codec.codebook), *(Soft(codec.codebook, codec.usage, llr_scale=s) for s in (1.0, scale))]
    return [float(np.mean((r.estimate(llr > 0, llr).features - sent) ** 2)) for r in receivers]


def measure(link: Link, codec: SemanticCodec, bits: np.ndarray, es_no_db: float) -> str:
    """One line of the table."""
    payload = link.config.payload_bits_per_block
    known = generator("calibration", "payload").integers(0, 2, FIT_BLOCKS * payload, np.uint8)
    fit, reception = link.transmit([known, bits], es_no_db, [("calibration", 0), ("calibration", 1)])
    failed = np.repeat(~fit.block_ok, payload)
    scale = fit_llr_scale(fit.llr, known)
    claimed = real = np.nan
    if failed.any():
        size = np.abs(fit.llr[failed].astype(np.float64))
        claimed, real = np.mean(1 / (1 + np.exp(size))), np.mean(fit.bits[failed] != known[failed])
    hard, soft, scaled = feature_errors(codec, bits, reception.llr, scale)
    return (
        f"| {es_no_db:g} | {np.mean(~fit.block_ok):.2f} | {np.mean(fit.bits != known):.4f} | {claimed:.4f} | {real:.4f} "
        f"| {scale:.3f} | {hard:.4f} | {soft:.4f} | {scaled:.4f} |"
    )


def reliability(link: Link, es_no_db: float) -> str:
    """Claimed against measured error rates of the bits of failed blocks, in bins of |LLR|."""
    payload = link.config.payload_bits_per_block
    known = generator("calibration", "payload").integers(0, 2, FIT_BLOCKS * payload, np.uint8)
    (fit,) = link.transmit([known], es_no_db, [("calibration", 0)])
    failed = np.repeat(~fit.block_ok, payload)
    curve = reliability_curve(fit.llr[failed], known[failed], EDGES)
    cells = [f"{c:.4f} / {m:.4f}" if n else "-" for c, m, n in zip(*curve.values(), strict=True)]
    return f"| {es_no_db:g} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", nargs="?", default="vqvae")
    codec = load_checkpoint(parser.parse_args().checkpoint)
    bits = sample_bits(codec)
    for name, changes in LINKS.items():
        link = Link(LinkConfig.model_validate(changes))
        print(f"\n### {name}\n")
        print("| Es/N0 (dB) | BLER | BER | claimed in failed blocks | measured | fitted scale | hard | soft | scaled |")
        print("| --- " * 9 + "|")
        for es_no_db in SNRS_DB:
            print(measure(link, codec, bits, es_no_db), flush=True)
        bins = [f"{low:g}..{high:g}" for low, high in itertools.pairwise(EDGES)]
        print(f"\nClaimed / measured error rate in failed blocks, by |LLR|:\n\n| Es/N0 (dB) | {' | '.join(bins)} |")
        print("| --- " * (len(bins) + 1) + "|")
        for es_no_db in SNRS_DB:
            print(reliability(link, es_no_db), flush=True)


if __name__ == "__main__":
    main()
