"""Metrics and networks beside what they replaced: `python -m benchmarks.metrics [--repetitions N] [--threads N]`.

Pairs of photographs of 256 x 256, the second with noise. In turns, in one process: MS-SSIM and SSIM of TensorFlow and ours; LPIPS operation by
operation and compiled, the original's features known in both; a decoder picture by picture, four pictures at once, and in bfloat16. Printed are
the least wall and CPU milliseconds per picture, and how far the results are apart.
"""

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

COUNT = 4


def photographs() -> tuple[np.ndarray, np.ndarray]:
    from skimage import data

    names = ("astronaut", "chelsea", "coffee", "rocket")
    a = np.stack([getattr(data, name)()[20:276, 100:356] for name in names])
    noise = np.random.default_rng(1).normal(0, 12, a.shape)
    return a, np.clip(np.rint(a + noise), 0, 255).astype(np.uint8)


def actions() -> dict[str, tuple[Callable[[], Any], int]]:
    """What is timed by name, and how many pictures it is for."""
    import tensorflow as tf

    from linksim.metrics import ms_ssim, ssim
    from linksim.metrics.lpips_v01 import Lpips
    from linksim.semantic.codec import KerasCodec, load_checkpoint

    a, b = photographs()
    lpips, keys = Lpips(), [str(i) for i in range(COUNT)]
    floats = [x.astype(np.float32)[None] / 255 for x in b]
    known = [lpips.model.features(x.astype(np.float32)[None] / 255) for x in a]
    codec, near = load_checkpoint("proposed"), load_checkpoint("proposed", "bfloat16")
    words = codec.codebook[codec.indices_of(codec.encode(a), codec.codebook)]
    decode = KerasCodec.decode  # without what is remembered

    def each(function: Callable[[int], Any]) -> Callable[[], Any]:
        return lambda: [np.asarray(function(i)).squeeze() for i in range(COUNT)]

    return {
        "MS-SSIM, TensorFlow": (
            each(lambda i: tf.image.ssim_multiscale(a[i : i + 1], b[i : i + 1], 255).numpy()),
            COUNT,
        ),
        "MS-SSIM": (lambda: ms_ssim(a, b), COUNT),
        "SSIM, TensorFlow": (each(lambda i: tf.image.ssim(a[i : i + 1], b[i : i + 1], 255).numpy()), COUNT),
        "SSIM": (lambda: ssim(a, b), COUNT),
        "LPIPS, op by op": (each(lambda i: lpips.model.distance(known[i], lpips.model.features(floats[i]))), COUNT),
        "LPIPS": (lambda: lpips(a, b, keys), COUNT),
        "decoder": (each(lambda i: decode(codec, words[i : i + 1], (256, 256))), COUNT),
        "decoder, 4 at once": (lambda: decode(codec, words, (256, 256)), COUNT),
        "decoder, bfloat16": (each(lambda i: decode(near, words[i : i + 1], (256, 256))), COUNT),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = str(arguments.threads)
    timed = actions()
    best = {name: [np.inf, np.inf] for name in timed}
    results: dict[str, Any] = {name: action() for name, (action, _) in timed.items()}
    for _ in range(arguments.repetitions):
        for name, (action, _) in timed.items():
            wall, cpu = time.perf_counter(), time.process_time()
            action()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            best[name] = [min(best[name][0], wall), min(best[name][1], cpu)]
    print("| per picture | wall ms | CPU ms | differs by at most |\n| --- | --- | --- | --- |")
    reference: Any = None
    for name, (_, pictures) in timed.items():
        value = np.asarray(results[name], np.float64)
        family = name.split(",")[0]
        if reference is None or family != reference[0]:
            reference = family, value
        wall, cpu = (1e3 * seconds / pictures for seconds in best[name])
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {np.abs(value - reference[1]).max():.2g} |")


if __name__ == "__main__":
    main()
