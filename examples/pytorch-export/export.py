"""Write the networks of `model.py` as `encoder.onnx` and `decoder.onnx`, for `kind: onnx` of a scenario.

python export.py [--weights weights.pt] [--out FOLDER]
"""

import argparse
from pathlib import Path

import onnx
import torch
from model import Decoder, Encoder
from torch.export import Dim

HERE = Path(__file__).parent


def load(weights: Path) -> tuple[Encoder, Decoder]:
    """The trained networks in evaluation mode: no dropout, no statistics of the batch."""
    encoder, decoder = Encoder(), Decoder()
    trained = torch.load(weights, weights_only=True)
    encoder.load_state_dict(trained["encoder"])
    decoder.load_state_dict(trained["decoder"])
    return encoder.eval(), decoder.eval()


def export(encoder: Encoder, decoder: Decoder, folder: Path) -> None:
    """Both files. Heights, widths and the batch are dynamic, so that one export serves pictures of all sizes."""
    batch, rows, columns = Dim("batch", max=64), Dim("rows", min=2, max=1024), Dim("columns", min=2, max=1024)
    cells = {0: batch, 2: rows, 3: columns}
    snr_db = torch.full((2, 1), 10.0)
    torch.onnx.export(
        encoder,
        (torch.rand(2, 3, 32, 48), snr_db),
        str(folder / "encoder.onnx"),
        input_names=["picture", "snr_db"],
        output_names=["symbols"],
        dynamic_shapes=({0: batch, 2: 4 * rows, 3: 4 * columns}, {0: batch}),
        external_data=False,  # one file, with the weights in it
        dynamo=True,
    )
    torch.onnx.export(
        decoder,
        (torch.randn(2, 6, 8, 12), torch.full((2, 6, 8, 12), 0.1), snr_db),
        str(folder / "decoder.onnx"),
        input_names=["symbols", "noise", "snr_db"],
        output_names=["picture"],
        dynamic_shapes=(cells, cells, {0: batch}),
        external_data=False,
        dynamo=True,
    )


def strip(file: Path) -> None:
    """Take out the notes of the exporter: where in whose source each node comes from. They are half of a small file."""
    model = onnx.load(str(file))
    for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    del model.graph.value_info[:]
    onnx.save(model, str(file))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--weights", type=Path, default=HERE / "weights.pt")
    options.add_argument("--out", type=Path, default=HERE)
    given = options.parse_args()
    export(*load(given.weights), given.out)
    for name in ("encoder.onnx", "decoder.onnx"):
        strip(given.out / name)
        print(f"{given.out / name}: {(given.out / name).stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
