"""The layout of a checkpoint: names and shapes of all its arrays, from its sizes alone and without Keras."""

from collections.abc import Iterator

from linksim.semantic.model import ModelConfig

Shape = tuple[int, ...]


def encoder_shapes(model: ModelConfig) -> dict[str, Shape]:
    """Shapes of the encoder's weights by name, in the order of the network; kernels are (height, width, in, out)."""
    kernels: list[tuple[str, Shape]] = []
    previous = 3
    for i in reversed(range(model.grids)):
        grid, width = model.downsampling >> i, model.widths[i]
        kernels.append((f"grid{grid}_down", (4, 4, previous, width)))
        kernels += _blocks(grid, model.encoder_depths[i], width)
        previous = width
    return _with_biases([*kernels, ("features", (1, 1, previous, model.latent_dim))])


def decoder_shapes(model: ModelConfig, with_variance: bool) -> dict[str, Shape]:
    """Shapes of the decoder's weights by name, in the order of the network; one input more where it takes the variance."""
    width = model.widths[0]
    kernels: list[tuple[str, Shape]] = [("features", (3, 3, model.latent_dim + with_variance, width))]
    kernels += _blocks(model.downsampling, model.decoder_depths[0], width)
    for i in range(1, model.grids):
        grid, previous, width = model.downsampling >> i, width, model.widths[i]
        kernels.append((f"grid{grid}_up", (1, 1, previous, 4 * width)))
        kernels.append((f"grid{grid}_smooth", (3, 3, width, width)))
        kernels += _blocks(grid, model.decoder_depths[i], width)
    return _with_biases([*kernels, ("pixels", (3, 3, width, 12))])


def repair_shapes(model: ModelConfig) -> dict[str, Shape]:
    """Shapes of the repair block's weights by name, in the order of the network; none where there is no block."""
    if not model.repair_blocks:
        return {}
    dim, width = model.latent_dim, model.repair_channels
    blocks = _blocks(model.downsampling, model.repair_blocks, width)
    return _with_biases([("features", (3, 3, dim + 1, width)), *blocks, ("correction", (3, 3, width, dim))])


def _blocks(grid: int, count: int, width: int) -> Iterator[tuple[str, Shape]]:
    for i in range(1, count + 1):
        for part in ("first", "second"):
            yield f"grid{grid}_block{i}_{part}", (3, 3, width, width)


def _with_biases(kernels: list[tuple[str, Shape]]) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {}
    for name, shape in kernels:
        shapes |= {f"{name}/kernel": shape, f"{name}/bias": shape[-1:]}
    return shapes


def quantizer_shapes(model: ModelConfig) -> dict[str, Shape]:
    """Shapes of codewords `[stages, heads, K, D / heads]` and their usage, and of the features' normalization."""
    usage = (model.stages, model.heads, model.codebook_size)
    return {
        "codewords": (*usage, model.head_dim),
        "usage": usage,
        "norm_mean": (model.latent_dim,),
        "norm_variance": (),
    }
