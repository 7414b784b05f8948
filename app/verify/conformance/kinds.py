"""What the file itself says that a name holds: only to refuse a form that can not fit, never to allow one."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from app.verify.conformance.place import Place

_OF_LITERALS: dict[type[ast.expr], str] = {
    ast.List: "list", ast.ListComp: "list", ast.Tuple: "list", ast.Dict: "dict", ast.DictComp: "dict",
    ast.Set: "set", ast.SetComp: "set", ast.JoinedStr: "str", ast.GeneratorExp: "iterator",
}  # fmt: skip
_OF_CALLS = {
    "list": "list", "tuple": "list", "sorted": "list", "split": "list", "splitlines": "list", "rsplit": "list",
    "dict": "dict", "set": "set", "frozenset": "set", "defaultdict": "filling", "Counter": "filling",
    "match": "match", "fullmatch": "match", "search": "match", "str": "str", "join": "str", "read_text": "str",
    "float": "number", "int": "number", "len": "number", "sum": "number",
}  # fmt: skip
_SPLITTING = frozenset({"rsplit", "split", "splitlines"})


def is_one_of(node: ast.expr, kinds: Collection[str], place: Place) -> bool:
    """True if the file gives `node` a value of one of `kinds`: a list, dict, set, str, number, match ...

    `filling` makes an entry where there is none, so that asking for one first keeps it from ever being made.
    """
    if _kind(node) in kinds:
        return True
    return isinstance(node, ast.Name) and any(one in kinds for one in _given(node.id, place))


def _given(name: str, place: Place) -> Iterator[str | None]:
    for node in place.file.nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=same)], value=value) if same == name:
                yield _kind(value)
            case ast.AnnAssign(target=ast.Name(id=same), value=ast.expr() as value) if same == name:
                yield _kind(value)
            case (
                ast.For(target=ast.Name(id=same), iter=ast.Call(func=ast.Attribute(attr=method)))
                | ast.comprehension(target=ast.Name(id=same), iter=ast.Call(func=ast.Attribute(attr=method)))
            ) if same == name:
                yield "str" if method in _SPLITTING else None
            case ast.ClassDef(name=same) if same == name:
                yield "class"
            case _:
                pass


def _kind(value: ast.expr) -> str | None:
    match value:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return _OF_CALLS.get(name)
        case ast.Constant(value=str()):
            return "str"
        case _:
            return _OF_LITERALS.get(type(value))
