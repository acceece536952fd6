"""Longer fuzzing of both decoders than the test suite does: `python tests/codecs/fuzz_bpg.py [MUTATIONS] [SEED]`.

Every mutation must give a uint8 picture of the announced (or expected) size or raise DecodeError; within a second
where the size is expected.
Prints the counts; any other outcome ends it with the traceback and the offending bytes. Real files of other
encoders in `LINKSIM_DATA/bpg` are mutated too where that is set.
"""

import os
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from mutate import mutate

from linksim.codecs import DecodeError, bpg, jpeg

SLOWEST_S = 1.0


def seeds() -> list[tuple[str, bytes, tuple[int, int]]]:
    """(codec, file, size) to start from."""
    random = np.random.default_rng(0)
    image = np.clip(np.cumsum(random.integers(-9, 10, (56, 75, 3)), axis=1) + 128, 0, 255).astype(np.uint8)
    size = image.shape[:2]
    found = [("bpg", bpg.encode(image, qp, chroma), size) for qp in (20, 38) for chroma in bpg.CHROMA]
    found += [("jpeg", jpeg.encode(image, 50, restarts), size) for restarts in (0, 2)]
    if folder := os.environ.get("LINKSIM_DATA"):
        for file in sorted(Path(folder, "bpg").glob("*.bpg")):
            found.append(("bpg", file.read_bytes(), bpg.decode(file.read_bytes()).shape[:2]))
    return found


def main(mutations: int, seed: int) -> None:
    starts, outcomes, slowest = seeds(), Counter[str](), dict.fromkeys(("any", "expected", "partial"), 0.0)
    modules = {"bpg": bpg, "jpeg": jpeg}
    for number in range(mutations):
        random = np.random.default_rng([seed, number])
        codec, data, size = starts[number % len(starts)]
        damaged = mutate(data, random)
        mode = ("any", "expected", "partial")[random.integers(3)]
        begin = time.perf_counter()
        try:
            if mode == "any":
                image = modules[codec].decode(damaged)
            else:
                decoder = modules[codec].decode if mode == "expected" else modules[codec].decode_partial
                image = decoder(damaged, size)
                assert image.shape == (*size, 3)
            assert image.dtype == np.uint8
            outcome = "decoded"
        except DecodeError:
            outcome = "refused"
        except BaseException:
            print(f"mutation {number}, {codec}, {mode}: {damaged.hex()}")
            raise
        took = time.perf_counter() - begin
        # An announced size that nobody checks may be large but legal; then only the time per pixel is bounded.
        assert mode == "any" or took < SLOWEST_S, f"mutation {number} took {took:.1f} s: {damaged.hex()}"
        slowest[mode] = max(slowest[mode], took)
        outcomes[f"{codec} {mode} {outcome}"] += 1
    for name in sorted(outcomes):
        print(f"{name:24} {outcomes[name]:7}")
    times = ", ".join(f"{mode} {took * 1e3:.0f} ms" for mode, took in sorted(slowest.items()))
    print(f"{mutations} mutations; slowest: {times}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
