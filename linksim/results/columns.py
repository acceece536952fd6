"""The columns of `results.csv` and `images.parquet`, in order: the names that figures and users rely on."""

METRIC_COLUMNS = {"psnr": "psnr_db", "ms_ssim": "ms_ssim", "lpips": "lpips", "ssim": "ssim"}

# These have their columns in every results.csv, so that tables of several runs can be stacked.
ALWAYS = ("psnr", "ms_ssim", "lpips")

LEDGER = (
    "source_bits",
    "filler_bits",
    "crc_bits",
    "information_bits",
    "coded_bits",
    "channel_uses",
    "n_blocks",
)

IMAGE_COLUMNS = (
    "scheme",
    "snr_db",
    "repetition",
    "image",
    "height",
    "width",
    "status",
    "reason",
    "ebn0_db",
    *LEDGER,
    "rho",
    "bpp",
    "bit_errors",
    "block_errors",
    "outage",
    "iterations",
    *METRIC_COLUMNS.values(),
    "settings",
)


def metric_columns(metrics: tuple[str, ...]) -> dict[str, str]:
    """Metric -> column for a results table: the three that are always there, then the others asked for."""
    return {name: METRIC_COLUMNS[name] for name in dict.fromkeys((*ALWAYS, *metrics))}


def result_columns(metrics: tuple[str, ...]) -> list[str]:
    """Columns of `results.csv`, in order."""
    columns = ["scheme", "snr_db", "ebn0_db", "n_images"]
    for column in metric_columns(metrics).values():
        columns += [column, f"{column}_low", f"{column}_high"]
    columns += ["ber", "bler", "outage_rate", "rho", "bpp", "channel_uses", "status"]
    columns += ["repetitions", "n_infeasible", "iterations"]
    columns += [f"{column}_given_success" for column in metric_columns(metrics).values()]
    return [*columns, "settings"]
