"""How a generated assignment is laid out: on one line if it fits, otherwise as a formatter would spread it."""

from __future__ import annotations

import ast

WIDTH = 100


def wrapped(assignment: str) -> list[str]:
    """The assignment, over several lines where one would be too long to read."""
    if len(assignment) <= WIDTH:
        return [assignment]
    name, _, source = assignment.partition(" = ")
    return _spread(f"{name} = ", source, "", 4)


def spread(source: str, suffix: str = "") -> list[str]:
    """The expression, over several lines where one would be too long to read."""
    return _spread("", source, suffix, 4)


def _spread(prefix: str, source: str, suffix: str, indentation: int) -> list[str]:
    """The lines of a value between `prefix` and `suffix`: one if it fits, otherwise one or more for each part."""
    line = f"{prefix}{source}{suffix}"
    node = ast.parse(source, mode="eval").body
    parts = _parts(source, node)
    if indentation + len(line) <= WIDTH + 4 or not parts:
        return [line]
    begin, end = _ends(source, node)
    inner = [f"    {one}" for label, part in parts for one in _spread(label, part, ",", indentation + 4)]
    return [f"{prefix}{begin}", *inner, f"{end}{suffix}"]


def _parts(source: str, node: ast.expr) -> list[tuple[str, str]]:
    """What stands in a container or a call: a label, `key: ` or `name=`, and the value."""
    match node:
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return [(f"{_code(source, key)}: ", _code(source, value)) for key, value in pairs if key]
        case ast.List(elts=elements) | ast.Set(elts=elements) | ast.Tuple(elts=elements):
            return [("", _code(source, one)) for one in elements]
        case ast.Call(args=arguments, keywords=keywords):
            named = [(f"{one.arg}=", _code(source, one.value)) for one in keywords]
            return [*(("", _code(source, one)) for one in arguments), *named]
        case _:
            return []


def _ends(source: str, node: ast.expr) -> tuple[str, str]:
    if isinstance(node, ast.Call):
        return f"{_code(source, node.func)}(", ")"
    return source[0], source[-1]


def _code(source: str, node: ast.expr) -> str:
    return ast.get_source_segment(source, node) or ast.unparse(node)
