"""Variables and parity checks: what a decoder knows of a code."""

import numpy as np
import scipy.sparse


class Graph:
    """A parity-check matrix whose first variables are the information bits.

    Attributes:
        k: information bits.
        filler: variables that are known to be zeros.
        parity_checks: int32 sparse `[checks, variables]`, each row's indices in order.
    """

    def __init__(self, k: int, filler: slice, parity_checks: scipy.sparse.csr_matrix) -> None:
        self.k, self.filler = k, filler
        self.parity_checks = scipy.sparse.csr_matrix(parity_checks)
        self.parity_checks.sort_indices()

    @property
    def variables(self) -> int:
        """Their number; LLRs of further variables say nothing of these."""
        return int(self.parity_checks.shape[1])

    def fulfilled(self, decided: np.ndarray) -> np.ndarray:
        """Which rows of decided bits `[blocks, variables]` fulfil every parity check."""
        return ~np.any(self.parity_checks @ decided.T.astype(np.int32) & 1, axis=0)
