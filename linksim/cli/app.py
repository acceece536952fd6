"""The commands and their options; each one's work is elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Link-level simulator for digital semantic communications.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(help="Image sets and weights: what is there, where, and how to get it.", no_args_is_help=True)
app.add_typer(data_app, name="data")

Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the file, e.g. sweep.snr_db=[10]; repeatable."),
]
ScenarioFile = Annotated[Path, typer.Argument(metavar="SCENARIO.yaml")]
Checkpoint = Annotated[str, typer.Argument(help="A shipped checkpoint's name, or the path of an .npz file.")]
BitErrorRates = Annotated[str, typer.Option(metavar="RATE,...", help="Bit-error rates of the index bits.")]
Images = Annotated[str, typer.Option(help="samples, kodak, voc2012, bsds500, cifar10, clic2020, div2k, or a folder.")]
Count = Annotated[int | None, typer.Option(min=1, help="The first so many images; default all.")]
RunFolders = Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders that `linksim run` has written.")]


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        from linksim.common.version import __version__

        print(__version__)
        raise typer.Exit


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Made if it is absent.")],
    force: Annotated[bool, typer.Option("--force", help="Replace files of the same names.")] = False,
) -> None:
    """Lay out the scenarios and training recipes that come with linksim, to run and to change."""
    from linksim.cli.init import init_command

    init_command(folder, force)


@app.command()
def run(
    scenario: ScenarioFile,
    out: Annotated[Path | None, typer.Option(help="Results folder; default results/NAME.")] = None,
    workers: Annotated[int, typer.Option(help="Processes on this machine.")] = 1,
    set_: Overrides = None,
    scheduler: Annotated[str | None, typer.Option(help="Dask scheduler to use, tcp://HOST:PORT.")] = None,
    slurm: Annotated[str | None, typer.Option(help="Workers from SLURM: jobs=20,queue=cpu,walltime=04:00:00.")] = None,
    figures: Annotated[bool, typer.Option(help="Draw figures and the strip of examples.")] = True,
) -> None:
    """Simulate a scenario, or go on with it; finished points are not repeated."""
    from linksim.cli.run import run_command

    run_command(scenario, out, set_ or [], workers, scheduler, slurm, figures)


@app.command()
def budget(
    scenario: ScenarioFile,
    set_: Overrides = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON in place of a table.")] = False,
) -> None:
    """Say what each scheme sends for the first image, bit by bit, without simulating."""
    from linksim.cli.budget import budget_command

    budget_command(scenario, set_ or [], as_json)


@app.command()
def train(
    recipe: Annotated[Path, typer.Argument(metavar="TRAIN.yaml")],
    out: Annotated[Path | None, typer.Option(help="Folder for log and checkpoints; default runs/NAME.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Number of steps, instead of the file's.")] = None,
    set_: Overrides = None,
) -> None:
    """Train an autoencoder and its codebook, or go on with it."""
    from linksim.cli.train import train_command

    train_command(recipe, set_ or [], steps, out)


@app.command()
def plot(
    folders: RunFolders,
    metric: Annotated[
        str | None,
        typer.Option(help="A metric, ber, bler, outage, iterations or transmissions; default all metrics measured."),
    ] = None,
    scheme: Annotated[list[str] | None, typer.Option(help="Draw this one; may be given again; default all.")] = None,
    relative_to: Annotated[str | None, typer.Option(help="Draw gains over this scheme.")] = None,
    formats: Annotated[str, typer.Option("--format", help="Of png, pdf, svg, pgf.")] = "png,pdf",
    snr_range: Annotated[str | None, typer.Option(metavar="LOW:HIGH", help="Es/N0 in dB to draw.")] = None,
    ebn0_axis: Annotated[bool, typer.Option("--ebn0-axis", help="Eb/N0 on a second axis.")] = False,
    x: Annotated[str, typer.Option("--x", help="esn0, or ebn0: each scheme against its own Eb/N0.")] = "esn0",
    width: Annotated[float, typer.Option(help="Inches, 1 to 30; 3.5 is a column of a two-column paper.")] = 3.5,
    out: Annotated[Path | None, typer.Option(help="Folder of the figures; default the first DIR.")] = None,
) -> None:
    """Draw the curves of one run or several; with --relative-to, gains and their means."""
    from linksim.cli.figures import plot_command

    plot_command(folders, metric, scheme, relative_to, formats.split(","), snr_range, ebn0_axis, width, out, x)


@app.command()
def table(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that `linksim run` has written.")],
    form: Annotated[
        str, typer.Option("--format", help="text, latex, csv, json, or compressai with --out FOLDER.")
    ] = "text",
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="A metric, ber, bler, outage, iterations or transmissions; may be given again; default all metrics measured."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write instead of printing; folder for compressai.")] = None,
) -> None:
    """Print a run's table: as text, for LaTeX, as CSV or as JSON."""
    from linksim.cli.table import table_command

    table_command(folder, form, metric or [], out)


@app.command()
def compare(
    folders: RunFolders,
    metric: Annotated[list[str] | None, typer.Option(help="May be given again; default all measured.")] = None,
    relative_to: Annotated[
        str | None, typer.Option(help="Scheme to compare with; default the same scheme of the first DIR.")
    ] = None,
    scheme: Annotated[list[str] | None, typer.Option(help="Compare this one; may be given again; default all.")] = None,
) -> None:
    """Say which differences between schemes or runs are certain, paired by image, at equal images, size and budget."""
    from linksim.cli.compare import compare_command

    compare_command(folders, metric or [], relative_to, scheme or [])


@app.command()
def report(
    folders: RunFolders,
    out: Annotated[Path | None, typer.Option(help="The page; default report.html in the first DIR.")] = None,
) -> None:
    """Make one self-contained HTML page of runs."""
    from linksim.cli.figures import report_command

    report_command(folders, out)


@app.command()
def codebook(
    checkpoint: Checkpoint,
    bit_error_rate: BitErrorRates = "0.05,0.1,0.2",
    images: Images = "samples",
    count: Count = None,
    scenario: Annotated[Path | None, typer.Option(help="Measure over this scenario's link at its SNRs, too.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder; default results/codebook-NAME.")] = None,
) -> None:
    """Usage, perplexity and distortion of a codebook: theory against measurement."""
    from linksim.cli.codebook import codebook_command

    codebook_command(checkpoint, bit_error_rate, images, count, scenario, out)


@app.command("codebook-size")
def codebook_size(
    checkpoint: Checkpoint,
    bit_error_rate: BitErrorRates = "0.0005,0.001,0.002,0.005,0.01,0.1",
    images: Images = "samples",
    count: Count = None,
    sizes: Annotated[str, typer.Option(help="16,64,100, or 16..4096 for powers of two.")] = "16..4096",
    mu: Annotated[float, typer.Option(min=0, help="Price of a bit, in squared distance.")] = 0.0,
    labelling: Annotated[str, typer.Option(help="random (eq. 17) or exact, with matched labels.")] = "random",
    out: Annotated[Path | None, typer.Option(help="Folder; default results/codebook-size-NAME.")] = None,
) -> None:
    """The codebook size of least total distortion at each bit-error rate."""
    from linksim.cli.codebook import codebook_size_command

    codebook_size_command(checkpoint, bit_error_rate, images, count, sizes, mu, labelling, out)


@app.command()
def labels(
    checkpoint: Checkpoint,
    bit_error_rate: Annotated[float, typer.Option(help="Rate that the labels are made for.")] = 0.1,
    method: Annotated[
        str, typer.Option(help="binary-switching, annealing, or chain (places on an axis).")
    ] = "binary-switching",
    out: Annotated[Path | None, typer.Option(help="New checkpoint; default NAME-matched-labels.npz.")] = None,
) -> None:
    """Reorder a codebook so that bit errors lead to near codewords."""
    from linksim.cli.codebook import labels_command

    labels_command(checkpoint, bit_error_rate, method, out)


@app.command("codec-rd")
def codec_rd(
    codec: Annotated[
        list[str] | None,
        typer.Option(help="bpg, jpeg, jpeg2000, webp or avif; may be given again; default bpg and jpeg."),
    ] = None,
    checkpoint: Annotated[
        list[str] | None, typer.Option(help="Codebook to measure at each number of its stages; may be given again.")
    ] = None,
    images: Images = "kodak",
    count: Count = None,
    size: Annotated[
        int | None, typer.Option(min=16, max=8192, help="Side of the square that images are cut and resized to.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for tables and figure.")] = Path("results/codecs"),
    metric: Annotated[list[str] | None, typer.Option(help="May be given again; default psnr and ms_ssim.")] = None,
) -> None:
    """Rate and distortion of codecs and codebooks alone, without a link."""
    from linksim.cli.codecs import codec_rd_command

    codec_rd_command(
        codec or ["bpg", "jpeg"], checkpoint or [], images, count, size, out, metric or ["psnr", "ms_ssim"]
    )


@app.command()
def verify(
    cards: Annotated[list[str] | None, typer.Argument(metavar="[CARD]...", help="Default: all.")] = None,
    short: Annotated[bool, typer.Option("--short", help="Fewer points and bits: a minute or two.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON per card.")] = False,
    list_only: Annotated[bool, typer.Option("--list", help="Say what the cards are, and measure nothing.")] = False,
) -> None:
    """Measure known things on this machine: error rates, capacities, codecs, LPIPS; exit 1 where a value is off."""
    from linksim.cli.verify import verify_command

    verify_command(cards or [], short, as_json, list_only)


@app.command()
def doctor() -> None:
    """Say which libraries, data and programs are there, and how to get those that are not."""
    from linksim.cli import doctor as examination

    print(examination.report())


@app.command()
def schema() -> None:
    """Print the JSON schema of scenario files, for editors."""
    import json

    from linksim.scenario import Scenario

    print(json.dumps(Scenario.model_json_schema(), indent=2))


@data_app.command("list")
def data_list() -> None:
    """List image sets and weights, and where they are."""
    from linksim.cli.data import list_command

    list_command()


@data_app.command("fetch")
def data_fetch(names: Annotated[list[str], typer.Argument(metavar="NAME...")]) -> None:
    """Download and check what is missing."""
    from linksim.cli.data import fetch_command

    fetch_command(names)


@data_app.command("path")
def data_path(name: Annotated[str, typer.Argument(help="Default: where downloads are kept.")] = "") -> None:
    """Print where something is."""
    from linksim.cli.data import path_command

    path_command(name)
