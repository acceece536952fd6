"""`linksim budget`: what each scheme of a scenario sends for the first image."""

import json
from pathlib import Path

from linksim.common.tensorflow import import_tensorflow
from linksim.link.config import LinkConfig
from linksim.reports.tables.text import aligned
from linksim.runner.costs import Cost, costs, first_image
from linksim.scenario import load_scenario

_HEADER = [
    *("scheme", "sent as", "budget", "payload", "filler", "crc", "information", "coded"),
    *("channel uses", "rho", "bpp", "chosen"),
]


def budget_command(path: Path, overrides: list[str], as_json: bool) -> None:
    """Print the ledgers, as a table or as JSON; nothing is simulated or written."""
    scenario = load_scenario(path, overrides)
    name, image = first_image(scenario)
    import_tensorflow()  # schemes of networks need it
    size = (image.shape[0], image.shape[1])
    found = costs(scenario, name, image)
    if as_json:
        print(json.dumps({"image": name, "size": size, "schemes": [cost.as_dict(size) for cost in found]}, indent=2))
        return
    height, width = size
    print(f"Image {name}: {width} x {height} pixels, n = 3 x {height} x {width} = {3 * height * width} real values")
    print(f"Link: {_link(scenario.link)}\n")
    print(aligned(_HEADER, [_row(cost, size) for cost in found]))
    if scenario.link.harq.repeats:
        print("HARQ: first transmissions are counted; how many blocks are sent again is known after a run")
    for cost in found:
        if cost.note:
            print(f"{cost.scheme}{f' ({cost.sent})' if cost.sent else ''}: {cost.note}")


def _link(link: LinkConfig) -> str:
    code = "no code" if link.code.kind == "none" else f"{link.code.kind} of rate {link.code.rate:.4g}"
    payload = f"{link.payload_bits_per_block} payload bits + {link.block_bits - link.payload_bits_per_block} of CRC"
    uses = link.channel_uses(link.symbols_per_block)
    return (
        f"{code}, {link.modulation.bits_per_symbol} bits a symbol; a block has {payload}, {link.coded_bits_per_block} "
        f"coded bits, {uses} channel uses"
    )


def _row(cost: Cost, size: tuple[int, int]) -> list[str]:
    budget = "-" if cost.budget is None else str(cost.budget)
    if cost.ledger is None:
        return [cost.scheme, cost.sent or "-", budget, *["-"] * 9]
    counts = cost.ledger
    values = cost.as_dict(size)
    chosen = ", ".join(f"{key} {value}" for key, value in cost.settings.items() if not key.startswith("ideal_"))
    return [
        *(cost.scheme, cost.sent or "-", budget),
        *(str(counts.source_bits), str(counts.filler_bits), str(counts.crc_bits)),
        *(str(counts.information_bits), str(counts.coded_bits), str(counts.channel_uses)),
        *(f"{values['rho']:.5f}", f"{values['bpp']:.4f}", chosen or "-"),
    ]
