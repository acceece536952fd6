"""Link and LPIPS beside those of other checkouts: `python -m benchmarks.checkouts FOLDER [FOLDER ...] [--blocks N] [--repetitions N]`.

Each folder holds a checkout of linksim (`git worktree add FOLDER COMMIT`). A process of one thread for each imports linksim from there, and they
are asked in turns, so that what else runs on the machine meets all alike. Printed are the least CPU milliseconds: of `link.decoder: layered` per
block (k = 1536, n = 3072, 64-QAM, Rayleigh fading symbol by symbol, 20 iterations), with block error rate and a digest of all LLRs,
CRCs and iterations; and of LPIPS per picture, four originals with eleven pictures each. Ratios are to the first folder. Numba's and XLA's caches
are each checkout's own.

Ends with status 1 where a checkout loses more blocks than the first, by more than 0.05 of them (fewer are no fault: a decoder may be better), or where the
sums of LPIPS are more than 0.0001 apart.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

MORE_BLOCKS_LOST, LPIPS_APART = 0.05, 1e-4
SNRS_DB = [float(snr) for snr in range(0, 21, 2)]


def serve(blocks: int) -> None:
    """Answer lines of JSON on standard input, in one of the processes; only what every commit has is used."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import numpy as np
    from skimage import data

    from linksim.link import Link, LinkConfig
    from linksim.metrics import lpips

    config = LinkConfig(code={"kind": "ldpc5g", "decoder": "layered", "iterations": 20})
    payload = np.zeros(blocks * config.payload_bits_per_block, np.uint8)
    names = ("astronaut", "chelsea", "coffee", "rocket")
    originals = np.stack([getattr(data, name)()[20:276, 100:356] for name in names])
    rng = np.random.default_rng(1)
    noise = [rng.normal(0, 4 + 2 * i, originals.shape) for i in range(11)]
    pictures = [np.clip(np.rint(originals + part), 0, 255).astype(np.uint8) for part in noise]

    def answer(snr_db: float | None) -> dict[str, Any]:
        if snr_db is None:
            start = time.process_time()
            distances = [lpips(originals, picture) for picture in pictures]
            return {"ms": 1e3 * (time.process_time() - start) / (4 * len(pictures)), "sum": float(np.sum(distances))}
        link = Link(config)  # with nothing kept
        start = time.process_time()
        (received,) = link.transmit([payload], snr_db, [("blocks", 0)])
        ms = 1e3 * (time.process_time() - start) / blocks
        every = received.llr.tobytes() + received.block_ok.tobytes() + received.iterations.tobytes()
        bler = 1 - float(received.block_ok.mean())
        return {"ms": ms, "bler": bler, "digest": hashlib.sha256(every).hexdigest()[:8]}

    for warm in (SNRS_DB[0], None):
        answer(warm)
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)


def start(folder: Path, blocks: int) -> subprocess.Popen[str]:
    caches = folder / ".benchmark"
    one_thread = dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), "1")
    paths = {
        "PYTHONPATH": str(folder),
        "NUMBA_CACHE_DIR": str(caches / "numba"),
        "LINKSIM_CACHE": str(caches / "linksim"),
    }
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_NUM_INTEROP_THREADS": "1"}
    command = [sys.executable, str(Path(__file__).resolve()), "--serve", "--blocks", str(blocks)]
    return subprocess.Popen(
        command, cwd=folder, env=os.environ | one_thread | paths | quiet,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def ask(process: subprocess.Popen[str], question: float | None) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(question) + "\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--blocks", type=int, default=128)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.blocks)
        return
    if not arguments.folders:
        parser.error("give the folders of checkouts, the one to compare with first")
    processes = [start(folder.resolve(), arguments.blocks) for folder in arguments.folders]
    try:
        for folder, process in zip(arguments.folders, processes, strict=True):
            if process.stdout is None or process.stdout.readline().strip() != "ready":
                sys.exit(f"{folder}: linksim does not run there; see above")
        totals = [0.0] * len(processes)
        found: list[str] = []
        for question in (*SNRS_DB, None):
            best: list[dict[str, Any]] = [{"ms": float("inf")} for _ in processes]
            for _ in range(arguments.repetitions):
                for i, process in enumerate(processes):
                    best[i] = min(best[i], ask(process, question), key=lambda answer: answer["ms"])
            if question is None:
                report("link, sweep", [{"ms": total / len(SNRS_DB)} for total in totals])
            else:
                totals = [total + answer["ms"] for total, answer in zip(totals, best, strict=True)]
            name = "LPIPS" if question is None else f"link, {question:g} dB"
            report(name, best)
            found += faults(name, best)
        if found:
            sys.exit("\n".join(found))
    finally:
        for process in processes:
            process.kill()


def faults(name: str, answers: list[dict[str, Any]]) -> list[str]:
    """A line for each checkout, counted from 2, whose results are not those of the first."""
    first = answers[0]
    lines = []
    for number, answer in enumerate(answers[1:], 2):
        if "bler" in answer and answer["bler"] > first["bler"] + MORE_BLOCKS_LOST:
            lines.append(
                f"{name}: checkout {number} loses {answer['bler']:.3f} of the blocks, the first {first['bler']:.3f}"
            )
        if "sum" in answer and abs(answer["sum"] - first["sum"]) > LPIPS_APART:
            lines.append(f"{name}: the sum of checkout {number} is {answer['sum']:.6f}, the first's {first['sum']:.6f}")
    return lines


def report(name: str, answers: list[dict[str, Any]]) -> None:
    cells = [
        " ".join(
            [f"{a['ms']:.3f} ms", *(f"{k} {v:.9g}" if isinstance(v, float) else v for k, v in a.items() if k != "ms")]
        )
        for a in answers
    ]
    ratios = [f"{answers[0]['ms'] / answer['ms']:.2f}" for answer in answers[1:]]
    print(f"| {' | '.join([name, *cells, *ratios])} |", flush=True)


if __name__ == "__main__":
    main()
