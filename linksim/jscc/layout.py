"""Names and shapes of all weights of a checkpoint, from its sizes alone and without Keras."""

from linksim.jscc.model import JsccModel

Shape = tuple[int, ...]
ATTENTION_REDUCTION = 4
"""Channels per hidden unit of an attention."""


def encoder_shapes(model: JsccModel) -> dict[str, Shape]:
    """Shapes of the encoder's weights by name; kernels are (height, width, in, out)."""
    shapes: dict[str, Shape] = {}
    previous = 3
    for i in reversed(range(model.grids)):
        grid, width, first = model.downsampling >> i, model.channels[i], i == model.grids - 1
        size = 8 if first else 4
        if not first:
            shapes |= _prelu(f"grid{grid}_prelu", previous)
        shapes |= _weights(f"grid{grid}_down", (size, size, previous, width))
        shapes |= _blocks(grid, model.encoder_blocks[i], width)
        previous = width
    return shapes | _prelu("reals_prelu", previous) | _weights("reals", (3, 3, previous, model.reals))


def decoder_shapes(model: JsccModel) -> dict[str, Shape]:
    """Shapes of the decoder's weights by name."""
    width = model.channels[0]
    shapes = _weights("reals", (3, 3, 2 * model.reals, width))
    for i in range(model.grids):
        grid, previous, width = model.downsampling >> i, width, model.channels[i]
        if i:
            shapes |= _prelu(f"grid{grid}_prelu", previous)
            shapes |= _weights(f"grid{grid}_up", (1, 1, previous, 4 * width))
        shapes |= _blocks(grid, model.decoder_blocks[i], width)
    return shapes | _prelu("pixels_prelu", width) | _weights("pixels", (3, 3, width, 48))


def _blocks(grid: int, count: int, width: int) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {}
    hidden = width // ATTENTION_REDUCTION
    for i in range(1, count + 1):
        name = f"grid{grid}_block{i}"
        for part, prelu in (("first", "prelu1"), ("second", "prelu2")):
            shapes |= _prelu(f"{name}_{prelu}", width) | _weights(f"{name}_{part}", (3, 3, width, width))
        shapes |= _weights(f"{name}_squeeze", (width + 1, hidden)) | _weights(f"{name}_excite", (hidden, width))
    return shapes


def _weights(name: str, kernel: Shape) -> dict[str, Shape]:
    return {f"{name}/kernel": kernel, f"{name}/bias": kernel[-1:]}


def _prelu(name: str, channels: int) -> dict[str, Shape]:
    return {f"{name}/alpha": (1, 1, channels)}
