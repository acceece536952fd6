"""The modulation and coding schemes of the 5G shared channels: 3GPP TS 38.214, tables 5.1.3.1-1 to 5.1.3.1-3."""

from typing import Literal

NrTable = Literal["nr-table-1", "nr-table-2", "nr-table-3"]

RATES_IN_1024: dict[NrTable, dict[int, tuple[float, ...]]] = {
    "nr-table-1": {
        2: (120, 157, 193, 251, 308, 379, 449, 526, 602, 679),
        4: (340, 378, 434, 490, 553, 616, 658),
        6: (438, 466, 517, 567, 616, 666, 719, 772, 822, 873, 910, 948),
    },
    "nr-table-2": {
        2: (120, 193, 308, 449, 602),
        4: (378, 434, 490, 553, 616, 658),
        6: (466, 517, 567, 616, 666, 719, 772, 822, 873),
        8: (682.5, 711, 754, 797, 841, 885, 916.5, 948),
    },
    "nr-table-3": {
        2: (30, 40, 50, 64, 78, 99, 120, 157, 193, 251, 308, 379, 449, 526, 602),
        4: (340, 378, 434, 490, 553, 616),
        6: (438, 466, 517, 567, 616, 666, 719, 772),
    },
}
"""Code rates times 1024 by bits per symbol, in the order of the index `I_MCS`; reserved indices are left out."""


def nr_table(name: NrTable) -> list[tuple[float, int]]:
    """Code rate and bits per symbol of each index of a table."""
    return [(rate / 1024, bits) for bits, rates in RATES_IN_1024[name].items() for rate in rates]
