"""The 5G LDPC code with the decoder that a scenario chose, as a `Code`."""

from collections.abc import Collection
from functools import lru_cache

import numpy as np

from linksim.link.coding.code import Decoded
from linksim.link.coding.config import Ldpc5gConfig
from linksim.link.coding.flooding import FloodingDecoder
from linksim.link.coding.graph import Graph
from linksim.link.coding.layered import decode_layered
from linksim.link.coding.ldpc import LdpcCode


class Ldpc5g:
    """5G LDPC (3GPP TS 38.212, 5.3.2) whose blocks end with a CRC24A, with either decoder."""

    def __init__(self, config: Ldpc5gConfig, structure: LdpcCode) -> None:
        self.k, self.n = structure.k, structure.n
        self._config, self._structure = config, structure
        self.encode = structure.encode
        self.spread = structure.spread
        self.information_bit_levels = structure.information_bit_levels

    def decode(self, variables: np.ndarray, versions: Collection[int] = (0,)) -> Decoded:
        """LLRs of the mother code's variables to those of the information bits."""
        config, graph = self._config, self._structure.graph(versions)
        if config.decoder == "layered":
            return decode_layered(
                graph,
                variables,
                config.iterations,
                early_termination=config.early_termination,
                with_crc=True,
            )
        decoder = flooding_decoder(graph)
        return decoder.decode(variables, config.iterations, config.early_termination, with_crc=True)


@lru_cache(maxsize=64)
def flooding_decoder(graph: Graph) -> FloodingDecoder:
    """The sum-product decoder of a graph, built and traced once."""
    return FloodingDecoder(graph)
