"""Edits of whole lines: statements put into a block, an import added. Checked against the intended tree."""

from __future__ import annotations

import ast
import textwrap

from app.core.syntax import Code


def enclose(code: Code, statements: tuple[ast.stmt, ...], opening: str, closing: str) -> str | None:
    """The file with the neighbouring statements in a block; None if that cannot be done without other changes."""
    first, last = statements[0], statements[-1]
    start, end = first.lineno, last.end_lineno or last.lineno
    lines = code.source.splitlines(keepends=True)
    indent = lines[start - 1][: len(lines[start - 1]) - len(lines[start - 1].lstrip())]
    if len(indent.encode()) != first.col_offset:
        return None
    ending = "\r\n" if lines[start - 1].endswith("\r\n") else "\n"
    unit = indentation(code)
    inner = [f"{unit}{one}" if one.strip() else one for one in lines[start - 1 : end]]
    if not inner[-1].endswith(("\n", "\r")):
        inner[-1] += ending
    tail = [f"{indent}{one.replace('    ', unit)}{ending}" for one in closing.splitlines()]
    text = "".join([*lines[: start - 1], f"{indent}{opening}{ending}", *inner, *tail, *lines[end:]])
    wanted = _intended(code, statements, opening, closing)
    result = Code.parse(text)
    return text if result is not None and ast.dump(result.tree) == wanted else None


def _intended(code: Code, statements: tuple[ast.stmt, ...], opening: str, closing: str) -> str | None:
    """What the tree must be; the tree of `code` is put back as it was."""
    parent = code.parents[statements[0]]
    for name, value in ast.iter_fields(parent):
        if isinstance(value, list) and statements[0] in value:
            at = value.index(statements[0])
            if tuple(value[at : at + len(statements)]) != statements:
                return None
            block = ast.parse(f"{opening}\n    pass\n{closing}\n").body[0]
            block.body = list(statements)  # type: ignore[attr-defined]
            setattr(parent, name, [*value[:at], block, *value[at + len(statements) :]])
            try:
                return ast.dump(code.tree)
            finally:
                setattr(parent, name, value)
    return None


def indentation(code: Code) -> str:
    """One step of indentation, as the file has it."""
    for node in ast.walk(code.tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.If) and isinstance(
            code.parents.get(node), ast.Module
        ):
            line = code.lines[node.body[0].lineno - 1]
            unit = line[: len(line) - len(line.lstrip())]
            if unit and node.body[0].lineno != node.lineno:
                return unit
    return "    "


def add_import(source: str, line: str) -> str | None:
    """The file with one more import after those at its top."""
    code = Code.parse(source)
    if code is None:
        return None
    body = code.tree.body
    tops = [at for at, one in enumerate(body) if isinstance(one, ast.Import | ast.ImportFrom)]
    docstring = bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    lines = source.splitlines(keepends=True)
    # Only the first unbroken run of imports: a later one may stand under a condition or after code.
    run = [at for at in tops if all(other in tops or (docstring and other == 0) for other in range(at))]
    at = (body[run[-1]].end_lineno or 0) if run else ((body[0].end_lineno or 0) if docstring else 0)
    ending = "\r\n" if source.count("\r\n") * 2 > source.count("\n") else "\n"
    text = "".join([*lines[:at], f"{textwrap.dedent(line)}{ending}", *lines[at:]])
    return text if Code.parse(text) is not None else None
