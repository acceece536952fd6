"""A hash of a plugin's source, so that results of changed code are not taken for those of the old one."""

import hashlib
import inspect
import sys
from pathlib import Path
from typing import Any


def code_digest(plugin: Any) -> str:
    """SHA-256 over the Python files of the package that `plugin` (a module, class or object) comes from; "" where it
    has none.
    """
    module = plugin if inspect.ismodule(plugin) else inspect.getmodule(plugin) or inspect.getmodule(type(plugin))
    if module is None:
        return ""
    top = sys.modules.get(module.__name__.partition(".")[0], module)
    folders = [Path(folder) for folder in getattr(top, "__path__", [])]
    files = sorted(file for folder in folders for file in folder.rglob("*.py"))
    if not folders and getattr(top, "__file__", None):
        files = [Path(str(top.__file__))]
    hasher = hashlib.sha256()
    for file in files:
        hasher.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return hasher.hexdigest()
