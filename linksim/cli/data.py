"""`linksim data`: image sets and weights."""

from linksim import data


def list_command() -> None:
    """Print a line per item: name, whether it is there, where, what it is."""
    items = data.list_items()
    width = max(len(item.name) for item in items)
    for item in items:
        where = item.place or f"absent; {item.command}"
        print(f"{item.name:<{width}}  {item.title}: {where}{f' ({item.subset})' if item.subset else ''}")


def fetch_command(names: list[str]) -> None:
    """Fetch each item and print where it is."""
    for name in names:
        for path in data.fetch(name):
            print(path)


def path_command(name: str) -> None:
    """Print the paths of an item, or of the cache."""
    for path in data.path(name):
        print(path)
