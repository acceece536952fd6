"""Compare linksim's pictures with PyTorch's own, over a channel without noise. Ends with status 1 where they differ.

    python check.py [--weights weights.pt] [--models FOLDER]

It needs linksim and PyTorch in one environment.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from export import HERE, load

from linksim.data.images import ImagesConfig, open_images
from linksim.link.config import LinkConfig
from linksim.schemes import SchemeContext, build_scheme, parse_scheme
from linksim.schemes.sending import send

SNR_DB = 100.0
"""So little noise (1e-10 of the power) moves no grey level."""

KEYS = {"sends": "symbols", "takes": "symbols-and-noise", "snr_input": True, "scale": "0..1", "multiple": 4}


def in_linksim(models: Path, images: list[np.ndarray]) -> list[np.ndarray]:
    """Pictures of both files over an AWGN link of 100 dB."""
    files = {key: str(models / f"{key}.onnx") for key in ("encoder", "decoder")}
    link = LinkConfig(channel={"kind": "awgn"})
    scheme = build_scheme(parse_scheme({"name": "Mine", "kind": "onnx"} | files | KEYS), SchemeContext(link))
    names = [str(i) for i in range(len(images))]
    sent = scheme.transmit(images, names, [None] * len(images), SNR_DB)
    received = send(sent, SNR_DB, lambda i, _: ("check", i))
    return [delivery.image for delivery in scheme.receive(sent, received, SNR_DB)]


def in_pytorch(weights: Path, images: list[np.ndarray]) -> list[np.ndarray]:
    """Pictures of the networks themselves, all of one size in one batch."""
    encoder, decoder = load(weights)
    snr_db = torch.full((len(images), 1), SNR_DB)
    with torch.no_grad():
        pictures = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255
        symbols = encoder(pictures, snr_db)
        shown = decoder(symbols, torch.full_like(symbols, 10 ** (-SNR_DB / 10)), snr_db)
    return list((shown * 255).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--weights", type=Path, default=HERE / "weights.pt")
    options.add_argument("--models", type=Path, default=HERE)
    given = options.parse_args()
    images = [image for _, image in open_images(ImagesConfig(dataset="samples", size=256), "images").readable()]
    pairs = zip(in_linksim(given.models, images), in_pytorch(given.weights, images), strict=True)
    differences = [int(np.abs(a.astype(int) - b.astype(int)).max()) for a, b in pairs]
    unit = "grey level" if max(differences) == 1 else "grey levels"
    print(f"{len(images)} pictures, largest difference to PyTorch: {max(differences)} {unit}")
    sys.exit(max(differences) > 1)


if __name__ == "__main__":
    main()
