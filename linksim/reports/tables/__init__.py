"""Results as tables: text for a terminal, LaTeX for a paper, CSV and JSON for other programs."""

from linksim.reports.tables.export import compressai_files, results_json, selected_csv
from linksim.reports.tables.latex import latex_tables
from linksim.reports.tables.text import results_table

__all__ = ["compressai_files", "latex_tables", "results_json", "results_table", "selected_csv"]
