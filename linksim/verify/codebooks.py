"""A shipped codebook over an uncoded link, against the theory of what bit errors do to it."""

from collections.abc import Iterator

import numpy as np

from linksim.codebook.labels import bits_per_index, bits_to_labels, indices_to_bits
from linksim.codebook.receiver import Hard
from linksim.codebook.theory import channel_distortion, index_error_probability
from linksim.common.seeds import generator
from linksim.link.closed_forms import bit_error_rate
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.finding import find_checkpoint
from linksim.verify.card import Card, Check, within_share

CHECKPOINT = "vqvae"


def _distortion(short: bool) -> Iterator[Check]:
    from linksim.link import Link, LinkConfig

    stages = Checkpoint.from_bytes(find_checkpoint(CHECKPOINT)[1], CHECKPOINT).stages
    codewords, usage = stages.codewords[0, 0], stages.usage[0, 0].astype(np.float64)
    size, count = len(codewords), 100_000 if short else 1_000_000
    sent = generator("verify", CHECKPOINT).choice(size, count, p=usage / usage.sum())
    bits = indices_to_bits(sent, size)
    link = Link(
        LinkConfig.model_validate(
            {"code": {"kind": "none"}, "modulation": {"bits_per_symbol": 1}, "channel": {"kind": "rayleigh"}}
        )
    )
    for es_no_db in (0.0, 5.0, 10.0):
        (received,) = link.transmit([bits], es_no_db, [("verify", CHECKPOINT, es_no_db)])
        rate = bit_error_rate(1, es_no_db, rayleigh=True)
        wrong = np.mean(bits_to_labels(received.bits, size) != sent)
        expected = index_error_probability(bits_per_index(size), rate)
        yield within_share(f"index error rate at {es_no_db:g} dB", float(wrong), expected, 0.02)
        features = Hard(codewords, usage).estimate(received.bits, received.llr, received.known).features
        measured = np.mean(np.sum((features.astype(np.float64) - codewords[sent]) ** 2, axis=-1))
        predicted = channel_distortion(codewords, usage, rate)
        yield within_share(f"D_c at {es_no_db:g} dB", float(measured), predicted, 0.03)


CODEBOOK = Card(
    "codebook",
    f"Index errors and channel distortion of the shipped codebook {CHECKPOINT}, BPSK over Rayleigh fading without a code",
    "eqs. 15, 16 and 18 of arXiv 2510.07108 at the closed-form bit-error rate",
    "2 % and 3 %: 100,000 (short form) or 1,000,000 indices, whose distortions scatter",
    _distortion,
)
