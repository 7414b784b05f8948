"""The rules of docs/design.md that a program can check."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path
    for path in (ROOT / "app").rglob("*.py")
    if not {"sample", "scenarios"} & set(path.relative_to(ROOT).parts)
)
# A file may be a little longer than 400 lines, a function than 50; the model is one list of plain values.
LONGEST_FILE, LONGEST_FUNCTION = 420, 55
LONG_FILES = {"app/core/model.py", "app/demo/github/state.py"}
# The edges of the process, where nothing may get through.
EDGES = {
    "app/repair/command.py",
    "app/web/dispatcher.py",
    "app/web/installations.py",
    "app/web/messenger.py",
    "app/web/recurrences.py",
    "app/web/rounds.py",
    "app/workflow.py",
}
BROAD = {"Exception", "BaseException"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _broad(handler: ast.ExceptHandler) -> bool:
    """True if the handler takes everything and keeps it."""
    if isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None:
        return False
    if handler.type is None:
        return True
    return any(isinstance(node, ast.Name) and node.id in BROAD for node in ast.walk(handler.type))


def test_there_is_something_to_check() -> None:
    assert len(FILES) > 100


def test_the_layers_hold() -> None:
    pytest.importorskip("importlinter")
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_a_file_is_small_and_its_functions_are_smaller(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if _name(path) not in LONG_FILES:
        assert len(text.splitlines()) <= LONGEST_FILE
    if "migrations" in path.parts:  # a table is as long as its columns
        return
    for function in _functions(ast.parse(text)):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        assert length <= LONGEST_FUNCTION, f"{function.name} has {length} lines"


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_only_the_edges_of_the_process_catch_everything(path: Path) -> None:
    handlers = [
        node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ExceptHandler)
    ]
    assert not any(map(_broad, handlers)) or _name(path) in EDGES


def test_no_file_is_named_after_nothing() -> None:
    assert [_name(path) for path in FILES if path.stem in FORBIDDEN_NAMES] == []


def test_the_pipeline_is_a_table_of_contents() -> None:
    assert len((ROOT / "app/pipeline.py").read_text(encoding="utf-8").splitlines()) <= 200


# What starts programs: commands on a person's machine, the demo, the benchmark and the Action. Never the server.
STARTERS = ("app/repair/", "app/demo/", "app/bench/", "action/")
PROGRAMS = {"subprocess", "pty", "multiprocessing"}
STARTS = ("execv", "execl", "spawn", "posix_spawn", "fork", "create_subprocess")
SHELLS = {"system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell"}
OURS = [*FILES, *sorted((ROOT / "action").rglob("*.py"))]


def _imported(tree: ast.AST) -> set[str]:
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


@pytest.mark.parametrize("path", OURS, ids=_name)
def test_i16_nothing_starts_a_shell_and_the_server_starts_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert not [one.lineno for one in calls if _called(one) in SHELLS]
    # Everything but a written `shell=False` counts, so that no variable can become one.
    shells = [keyword.value for one in calls for keyword in one.keywords if keyword.arg == "shell"]
    assert all(isinstance(value, ast.Constant) and value.value is False for value in shells)
    if not _name(path).startswith(STARTERS):
        assert not _imported(tree) & PROGRAMS
        assert not [one.lineno for one in calls if _called(one).startswith(STARTS)]
