"""Scripts for the sandbox: the modules of `app.repair.inside` as text, and one task for them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from app.repair.sandbox import Limits, Sandbox

_INSIDE: Final = Path(__file__).with_name("inside")
_PACKAGE: Final = "_autofix"
_LOADER: Final = """\
import sys, types
package = types.ModuleType({package!r})
package.__path__ = []
sys.modules[package.__name__] = package
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.startswith({package!r} + ".") and name.rpartition(".")[2] in SOURCES:
            import importlib.machinery
            return importlib.machinery.ModuleSpec(name, Finder)
    @staticmethod
    def create_module(spec):
        return None
    @staticmethod
    def exec_module(module):
        source = SOURCES[module.__name__.rpartition(".")[2]]
        exec(compile(source, "<" + module.__name__ + ">", "exec"), module.__dict__)
SOURCES = {sources!r}
sys.meta_path.insert(0, Finder)
"""


def run_inside(
    sandbox: Sandbox, task: Mapping[str, Any], *, changes: Mapping[str, str], limits: Limits
) -> Iterator[dict[str, Any]]:
    """What the task's script wrote, in its order; nothing where it did not get that far."""
    mark = f"autofix-{secrets.token_hex(12)}:"
    script = "\n".join(
        [
            _loader(),
            f"import {_PACKAGE}.main as entry",
            "import json",
            f"entry.main({mark!r}, json.loads({json.dumps(task)!r}))",
        ]
    )
    finished = sandbox.run(script, changes=changes, limits=limits)
    for line in finished.stdout.splitlines():
        if line.startswith(mark):
            yield from _read(line.removeprefix(mark))


def _read(text: str) -> Sequence[dict[str, Any]]:
    """The line's object; a line that a limit cut is none."""
    try:
        value = json.loads(text)
    except ValueError:
        return []
    return [value] if isinstance(value, dict) else []


@cache
def _loader() -> str:
    sources = {path.stem: path.read_text(encoding="utf-8") for path in sorted(_INSIDE.glob("*.py"))}
    return _LOADER.format(package=_PACKAGE, sources=sources)
