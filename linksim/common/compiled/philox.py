"""NumPy's counter-based generator Philox4x64-10 and its seeding, in compiled code, for passes that draw many short streams.

A stream here is that of `linksim.common.seeds.generator` for the same key, word by word: the seeding of O'Neill's `seed_seq`
as in `numpy.random.SeedSequence`, then the generator of Salmon, Moraes, Dror and Shaw (2011). Making NumPy's objects takes
longer than drawing a block's numbers with them. On a processor of the other byte order the words differ from NumPy's.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from linksim.common.compiled.kept import kept_njit

compiled: Any = intrinsic  # which mypy takes for functions with the arguments of their definition

WORDS = 512
"""Words that are made at a time, 32 bits each: a multiple of 8, few enough for the first cache."""

_INIT_A, _MULTIPLIER_A = np.uint32(0x43B0D7E5), np.uint32(0x931E8875)
_INIT_B, _MULTIPLIER_B = np.uint32(0x8B51F9DD), np.uint32(0x58F38DED)
_MIX_LEFT, _MIX_RIGHT, _HALF = np.uint32(0xCA01F9DD), np.uint32(0x4973F715), np.uint32(16)
_POOL = 4

_MULTIPLIERS = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
_WEYL = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
_ROUNDS = 10
_WORD = np.uint64(32)


@compiled
def _high_product(typing_context: Any, a: Any, b: Any) -> Any:  # pragma: no cover - compiled
    """The upper 64 bits of the product of two uint64, one instruction where Numba itself has none."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(*(builder.zext(argument, wide) for argument in arguments))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), generate


@njit(inline="always")
def _hashed(value, constant, multiplier):  # pragma: no cover - compiled
    """A word mixed with a running constant, and the next constant."""
    following = np.uint32(constant * multiplier)
    value = np.uint32(np.uint32(value ^ constant) * following)
    return np.uint32(value ^ np.uint32(value >> _HALF)), following


@kept_njit()
def seed(entropy, state):  # pragma: no cover - compiled
    """Begin a stream.

    Args:
        entropy: `seeds.entropy` of its key as four words, the lowest first, uint32 `[4]`.
        state: uint64 `[4]`, set to the two words of the key, the counter, and how many of the words in hand are used.
    """
    pool = np.empty(_POOL, np.uint32)
    constant = _INIT_A
    for i in range(_POOL):
        pool[i], constant = _hashed(entropy[i], constant, _MULTIPLIER_A)
    for source in range(_POOL):
        for target in range(_POOL):
            if source != target:
                mixed, constant = _hashed(pool[source], constant, _MULTIPLIER_A)
                value = np.uint32(np.uint32(_MIX_LEFT * pool[target]) - np.uint32(_MIX_RIGHT * mixed))
                pool[target] = np.uint32(value ^ np.uint32(value >> _HALF))
    constant = _INIT_B
    for i in range(2):
        low, constant = _hashed(pool[2 * i], constant, _MULTIPLIER_B)
        high, constant = _hashed(pool[2 * i + 1], constant, _MULTIPLIER_B)
        state[i] = np.uint64(low) | np.uint64(np.uint64(high) << _WORD)
    state[2] = 0
    state[3] = WORDS


@kept_njit()
def next_words(state, words):  # pragma: no cover - compiled
    """Fill `words` uint32 `[WORDS]` with the next ones of the stream, the lower half of each 64 bits first."""
    for first in range(0, WORDS, 8):
        state[2] += np.uint64(1)  # the counter goes up before its numbers are made
        a, b, c, d = state[2], np.uint64(0), np.uint64(0), np.uint64(0)
        key_0, key_1 = state[0], state[1]
        for _ in range(_ROUNDS):
            high_0, low_0 = _high_product(_MULTIPLIERS[0], a), np.uint64(_MULTIPLIERS[0] * a)
            high_1, low_1 = _high_product(_MULTIPLIERS[1], c), np.uint64(_MULTIPLIERS[1] * c)
            a, b, c, d = np.uint64(high_1 ^ b ^ key_0), low_1, np.uint64(high_0 ^ d ^ key_1), low_0
            key_0, key_1 = np.uint64(key_0 + _WEYL[0]), np.uint64(key_1 + _WEYL[1])
        words[first], words[first + 1] = np.uint32(a), np.uint32(a >> _WORD)
        words[first + 2], words[first + 3] = np.uint32(b), np.uint32(b >> _WORD)
        words[first + 4], words[first + 5] = np.uint32(c), np.uint32(c >> _WORD)
        words[first + 6], words[first + 7] = np.uint32(d), np.uint32(d >> _WORD)
    state[3] = 0


@kept_njit()
def fill_bits(state, words, out):  # pragma: no cover - compiled
    """Uniform bits uint8 `[n]`: those of `numpy.unpackbits` of `Generator.bytes`, which takes whole words."""
    position: Any = np.int64(state[3])
    for first in range(0, out.size, 32):
        if position == WORDS:
            next_words(state, words)
            position = 0
        word = words[position]
        position += 1
        for i in range(min(32, out.size - first)):
            # The lowest byte first, and of each byte the highest bit.
            out[first + i] = np.uint8(np.uint32(word >> np.uint32((i & 24) + 7 - (i & 7))) & np.uint32(1))
    state[3] = position
