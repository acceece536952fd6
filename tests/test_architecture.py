"""The arrows between rooms, as docs/architecture.md has them."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "linksim"
DOORSTEP = {"linksim", "linksim.api", "linksim.__main__"}
MOST_MODULES = 16
"""About ten is the aim; more than this and a room holds a second idea."""

BY_NAME = {"import_module", "late"}
"""Functions that import a module whose name they are given."""

Graph = dict[str, set[str]]


def modules(package: Path = PACKAGE) -> dict[str, Path]:
    """Every module by its dotted name."""
    found = {}
    for file in package.rglob("*.py"):
        parts = ("linksim", *file.relative_to(package).with_suffix("").parts)
        found[".".join(parts).removesuffix(".__init__")] = file
    return found


def imports(package: Path = PACKAGE) -> Graph:
    """What each module imports of linksim, wherever in the module it does so."""
    found = modules(package)
    graph: Graph = {}
    for name, file in found.items():
        targets: set[str] = set()
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                targets |= {alias.name for alias in node.names if alias.name.split(".")[0] == "linksim"}
            elif isinstance(node, ast.ImportFrom) and node.level:
                pytest.fail(f"{name} line {node.lineno}: a relative import hides its arrow; name the module in full")
            elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in BY_NAME:
                names = (str(a.value).partition(":")[0] for a in node.args if isinstance(a, ast.Constant))
                targets |= {target for target in names if target in found}
            elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "linksim":
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    targets.add(full if full in found else node.module)
        graph[name] = targets - {name}
    return graph


def room(name: str) -> str:
    """`linksim.link.air.flat` is in `link`."""
    return "" if name in DOORSTEP else name.split(".")[1]


def allowed() -> dict[str, set[str]]:
    """The last column of the page's table of rooms."""
    text = (ROOT / "docs" / "architecture.md").read_text().split("## Rooms")[1].split("## Seams")[0]
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| `")]
    return {re.findall("`(.*?)`", cells[0])[0]: set(re.findall("`(.*?)`", cells[-1])) for cells in lines}


def wrong_arrows(graph: Graph, table: dict[str, set[str]]) -> list[str]:
    return [
        f"{name} imports {target}"
        for name, targets in sorted(graph.items())
        for target in sorted(targets)
        if room(name) and room(name) != room(target) and room(target) not in table[room(name)]
    ]


def circles(graph: Graph) -> list[str]:
    """Modules that import themselves in some number of steps."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for target in graph.get(waiting.pop(), set()):
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return seen

    return [name for name in graph if name in reached(name)]


def test_every_room_is_in_the_table_and_every_arrow_of_it_is_used() -> None:
    graph, table = imports(), allowed()
    assert set(table) == {room(name) for name in graph} - {""}
    used = {name: {room(t) for n, ts in graph.items() if room(n) == name for t in ts} - {name, ""} for name in table}
    assert used == table


def test_arrows_only_go_down() -> None:
    table = allowed()
    assert wrong_arrows(imports(), table) == []
    assert circles({name: set(targets) for name, targets in table.items()}) == []


def test_no_two_modules_import_each_other() -> None:
    assert circles(imports()) == []


@pytest.mark.parametrize(
    ("module", "line", "finds"),
    [
        ("link/ledger.py", "from linksim.runner.plan import Plan", wrong_arrows),
        ("common/seeds.py", "import linksim.schemes.base", wrong_arrows),
        ("metrics/pixels.py", "def late():\n    from linksim import api", wrong_arrows),
        ("codebook/labels.py", "from linksim.codebook.receiver import Hard", circles),
        ("link/air/config.py", "from linksim.link.config import LinkConfig", circles),
    ],
)
def test_an_arrow_that_points_up_is_found(module: str, line: str, finds: object) -> None:
    """The test above is no test unless it fails for such a line."""
    graph, name = imports(), "linksim." + module.removesuffix(".py").replace("/", ".")
    for node in ast.walk(ast.parse(line)):
        if isinstance(node, ast.ImportFrom):
            full = f"{node.module}.{node.names[0].name}"
            graph[name].add(full if full in graph else str(node.module))
        elif isinstance(node, ast.Import):
            graph[name].add(node.names[0].name)
    assert finds(graph, allowed()) if finds is wrong_arrows else finds(graph)  # type: ignore[operator]


def test_every_room_says_what_comes_in_and_what_goes_out() -> None:
    for name, file in modules().items():
        if file.name == "__init__.py" and name != "linksim":
            assert ast.get_docstring(ast.parse(file.read_text())), f"{name} has no first line"


def test_a_kind_of_number_has_one_definition_in_a_room() -> None:
    """`NAME = Annotated[...]`: a bound that changes has one place to change in."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, file in modules().items():
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("Annotated["):
                for target in node.targets:
                    found.setdefault((room(name), ast.unparse(target)), []).append(name)
    assert ("training", "NonNegative") in found
    assert {key: names for key, names in found.items() if len(names) > 1} == {}


def test_no_room_is_crowded() -> None:
    counts: dict[Path, int] = {}
    for file in modules().values():
        if file.name != "__init__.py":
            counts[file.parent] = counts.get(file.parent, 0) + 1
    crowded = {str(folder.relative_to(ROOT)): n for folder, n in counts.items() if n > MOST_MODULES}
    assert crowded == {}


def test_sionna_is_imported_in_the_link_alone() -> None:
    users = {name for name, file in modules().items() if re.search(r"^\s*(import|from) sionna", file.read_text(), re.M)}
    assert users
    assert all(room(name) == "link" for name in users)


def test_places_that_the_page_names_are_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    named = set(
        re.findall(
            r"`((?:common|data|codecs|codebook|link|metrics|semantic|schemes|results|scenario|training|reports|runner|cli)/[\w/.]*)`",
            text,
        )
    )
    assert len(named) > 30
    assert [place for place in sorted(named) if not (PACKAGE / place).exists()] == []
