"""Standard normal numbers in float32 by the ziggurat method, in compiled code, number by number those of NumPy.

Marsaglia and Tsang (2000): the density is covered by 256 layers of equal area; a word of 32 bits gives layer, sign and place,
and nearly always that is all. `numpy.random.Generator.standard_normal(dtype=float32)` takes its words in the same order.
"""

import math
from typing import Any

import numpy as np

from linksim.common.compiled.kept import kept_njit
from linksim.common.compiled.philox import WORDS, next_words

_LAYERS = 256
_EDGE = 3.6541528853610087963519472518
"""Where the lowest layer's tail begins; with it 256 layers are of equal area."""

_PLACES = 2**23


def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Width of a place by layer and sign float32 `[512]`, places that lie under the density for sure uint32 `[256]`, the
    density at the layers' ends float32 `[256]`.
    """

    def density(x: float) -> float:
        return math.exp(-0.5 * x * x)

    area = _EDGE * density(_EDGE) + math.sqrt(math.pi / 2) * math.erfc(_EDGE / math.sqrt(2))
    # The lowest layer, with its tail, is as wide as if it were a rectangle.
    ends = [area / density(_EDGE)] + [_EDGE] * (_LAYERS - 1)
    for layer in range(_LAYERS - 2, 0, -1):
        ends[layer] = math.sqrt(-2 * math.log(area / ends[layer + 1] + density(ends[layer + 1])))
    inside = [_EDGE / ends[0], 0.0] + [ends[i - 1] / ends[i] for i in range(2, _LAYERS)]
    widths = (np.array(ends) / _PLACES).astype(np.float32)
    return (
        np.concatenate([widths, -widths]),
        np.round(np.array(inside) * _PLACES).astype(np.uint32),
        np.array([1.0] + [density(end) for end in ends[1:]]).astype(np.float32),
    )


WIDTHS, INSIDE, DENSITIES = _tables()
_TAIL, _INVERSE_TAIL = np.float32(_EDGE), np.float32(1 / _EDGE)
_UNIT = np.float32(2**-24)


@kept_njit()
def _next_word(state, words):  # pragma: no cover - compiled
    if state[3] == WORDS:
        next_words(state, words)
    word = words[state[3]]
    state[3] += np.uint64(1)
    return word


@kept_njit()
def _uniform(state, words):  # pragma: no cover - compiled
    """Of [0, 1) in steps of 2^-24."""
    return np.float32(np.float32(_next_word(state, words) >> np.uint32(8)) * _UNIT)


@kept_njit()
def _beyond(word, x, state, words):  # pragma: no cover - compiled
    """What becomes of a word whose place is not under the density for sure: its number, and whether it is one."""
    layer = np.int64(word & np.uint32(255))
    if layer == 0:
        while True:
            far = np.float32(-_INVERSE_TAIL * np.float32(np.log1p(np.float32(-_uniform(state, words)))))
            height = np.float32(-np.float32(np.log1p(np.float32(-_uniform(state, words)))))
            if np.float32(height + height) > np.float32(far * far):
                number = np.float32(_TAIL + far)
                return (-number if word & np.uint32(1 << 17) else number), True
    step = np.float32(DENSITIES[layer - 1] - DENSITIES[layer])
    height = np.float32(np.float32(step * _uniform(state, words)) + DENSITIES[layer])
    return x, np.float64(height) < np.exp(-0.5 * np.float64(x) * np.float64(x))


@kept_njit()
def fill_normals(state, words, out):  # pragma: no cover - compiled
    """The next standard normal numbers of a stream, float32 `[n]`.

    Args:
        state: of `philox.seed`.
        words: uint32 `[WORDS]`, those in hand; belongs to `state`.
        out: what is filled.
    """
    done = 0
    position: Any = np.int64(state[3])
    while done < out.size:
        if position == WORDS:
            next_words(state, words)
            position = 0
        word = words[position]
        position += 1
        # Layer and sign are the lowest nine bits: the table of widths has both signs.
        place = np.uint32(word >> np.uint32(9))
        x = np.float32(np.float32(place) * WIDTHS[word & np.uint32(511)])
        if place >= INSIDE[word & np.uint32(255)]:
            state[3] = position
            x, is_one = _beyond(word, x, state, words)
            position = np.int64(state[3])
            if not is_one:
                continue
        out[done] = x
        done += 1
    state[3] = position
