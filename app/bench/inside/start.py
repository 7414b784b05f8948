"""Runs one of the programs beside this file: `python start.py NAME ORDER ANSWER`."""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path

# The programs find each other in a package without a folder on the path; the code under test does not see them.
PACKAGE = "_autofix_inside"


def start(name: str, order_file: str, answer_file: str) -> None:
    """The program has run."""
    package = types.ModuleType(PACKAGE)
    package.__path__ = [str(Path(__file__).parent)]
    sys.modules[PACKAGE] = package
    importlib.import_module(f"{PACKAGE}.{name}").main(order_file, answer_file)


if __name__ == "__main__":
    start(*sys.argv[1:])
