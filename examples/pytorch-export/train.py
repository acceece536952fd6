"""Train the networks of `model.py` on the pictures of a folder, and write `weights.pt`.

python train.py FOLDER [--steps 5000] [--out weights.pt]
"""

import argparse
import random
import sys
from pathlib import Path

import numpy as np
import torch
from model import Decoder, Encoder, rayleigh
from PIL import Image

CROP = 48
BATCH = 8


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--steps", type=int, default=5000)
    options.add_argument("--out", type=Path, default=Path(__file__).with_name("weights.pt"))
    given = options.parse_args()
    files = sorted(file for file in given.folder.rglob("*") if file.suffix.lower() in (".png", ".jpg", ".jpeg"))
    if not files:
        sys.exit(f"{given.folder}: no .png or .jpg in it")
    torch.manual_seed(1)
    dice = random.Random(1)
    pictures = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    encoder, decoder = Encoder(), Decoder()
    weights = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.AdamW(weights, lr=2e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=given.steps)
    mean = 0.0
    for step in range(given.steps):
        batch = torch.stack([crop(dice.choice(pictures), dice) for _ in range(BATCH)])
        snr_db = torch.empty(BATCH, 1).uniform_(0, 20)
        shown = decoder(*rayleigh(encoder(batch, snr_db), snr_db), snr_db)
        loss = torch.mean((shown - batch) ** 2)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        mean += loss.item() / 500
        if step % 500 == 499:
            print(f"step {step + 1}: {-10 * np.log10(mean):.2f} dB", flush=True)
            mean = 0.0
    torch.save({"encoder": encoder.state_dict(), "decoder": decoder.state_dict()}, given.out)


def crop(picture: np.ndarray, dice: random.Random) -> torch.Tensor:
    """A square of the picture, mirrored now and then: float32 `[3, CROP, CROP]` in 0..1."""
    y, x = (dice.randrange(max(side - CROP, 0) + 1) for side in picture.shape[:2])
    square = picture[y : y + CROP, x : x + CROP]
    square = np.pad(square, [(0, CROP - square.shape[0]), (0, CROP - square.shape[1]), (0, 0)], mode="edge")
    square = square[:, ::-1] if dice.random() < 0.5 else square
    return torch.from_numpy(np.ascontiguousarray(square)).permute(2, 0, 1).float() / 255


if __name__ == "__main__":
    main()
