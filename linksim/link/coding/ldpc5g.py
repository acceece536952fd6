"""The 5G LDPC code with the decoder that a scenario chose, as a `Code`; built once for each size."""

from functools import lru_cache

import numpy as np

from linksim.link.coding.code import Decoded
from linksim.link.coding.config import Ldpc5gConfig
from linksim.link.coding.flooding import FloodingDecoder
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

    def decode(self, variables: np.ndarray) -> Decoded:
        """LLRs of the graph's variables to those of the information bits."""
        config = self._config
        if config.decoder == "layered":
            return decode_layered(
                self._structure,
                variables,
                config.iterations,
                early_termination=config.early_termination,
                with_crc=True,
            )
        decoder = flooding_decoder(self._structure)
        return decoder.decode(variables, config.iterations, config.early_termination, with_crc=True)


@lru_cache(maxsize=16)
def ldpc_code(k: int, n: int, bits_per_symbol: int) -> LdpcCode:
    """The code for these sizes, built once."""
    return LdpcCode(k, n, bits_per_symbol)


@lru_cache(maxsize=16)
def flooding_decoder(structure: LdpcCode) -> FloodingDecoder:
    """The sum-product decoder of a code, built and traced once."""
    return FloodingDecoder(structure)
