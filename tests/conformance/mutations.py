"""Small changes of a program's meaning, one at a time, at every place that takes them."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

Mutation = Callable[[ast.AST], ast.AST | None]
_FLIPPED: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Lt: ast.GtE(), ast.Gt: ast.LtE(), ast.LtE: ast.Gt(), ast.GtE: ast.Lt(), ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(), ast.Is: ast.IsNot(), ast.IsNot: ast.Is(), ast.In: ast.NotIn(), ast.NotIn: ast.In(),
}  # fmt: skip


def mutants(text: str, every: int, offset: int) -> Iterator[tuple[str, str]]:
    """One of `every` programs that differ from `text` in one place, each with the name of the mutation."""
    tree = ast.parse(text)
    for number, (name, at) in enumerate(places(tree)):
        if (number + offset) % every == 0:
            changed = copy.deepcopy(tree)
            MUTATIONS[name](list(ast.walk(changed))[at])
            yield name, ast.unparse(ast.fix_missing_locations(changed))


def places(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every mutation with the number of each node that it changes."""
    for name, mutate in MUTATIONS.items():
        for at, node in enumerate(ast.walk(tree)):
            if mutate(copy.deepcopy(node)) is not None:
                yield name, at


def _statements(node: ast.AST) -> list[ast.stmt] | None:
    body = getattr(node, "body", None)
    return body if isinstance(body, list) else None


def _insert(code: str, *, last: bool = False) -> Mutation:
    def mutate(node: ast.AST) -> ast.AST | None:
        body = _statements(node)
        if body is None or isinstance(node, ast.ClassDef):
            return None
        body.insert(len(body) if last else 0, ast.parse(code).body[0])
        return node

    return mutate


def _delete(node: ast.AST) -> ast.AST | None:
    body = _statements(node)
    if body is None or isinstance(node, ast.Module) or isinstance(body[0], ast.Pass):
        return None
    body[:1] = [] if len(body) > 1 else [ast.Pass()]
    return node


def _swap(node: ast.AST) -> ast.AST | None:
    body = _statements(node)
    if body is None or len(body) < 2 or ast.dump(body[0]) == ast.dump(body[1]):
        return None
    body[0], body[1] = body[1], body[0]
    return node


def _constant(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.Constant):
        return None
    match node.value:
        case bool():
            node.value = not node.value
        case int() | float():
            node.value += 1
        case str():
            node.value += "x"
        case None:
            node.value = 7
        case _:
            return None
    return node


def _comparison(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.Compare):
        return None
    node.ops[0] = _FLIPPED[type(node.ops[0])]
    return node


def _condition(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.BoolOp):
        node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        return node
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        node.test = ast.UnaryOp(ast.Not(), node.test)
        return node
    return None


def _always(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.If | ast.IfExp):
        node.test = ast.BoolOp(ast.Or(), [node.test, ast.Constant(value=True)])
        return node
    return None


def _argument(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.Call):
        return None
    node.keywords.append(ast.keyword("verify", ast.Constant(value=False)))
    return node


def _callee(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.Call):
        return None
    node.func = ast.Name("backdoor", ast.Load())
    return node


def _name(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        node.id = f"{node.id}_"
        return node
    if isinstance(node, ast.Attribute):
        node.attr = f"{node.attr}_"
        return node
    return None


def _operator(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.BinOp | ast.AugAssign):
        return None
    node.op = ast.Sub() if not isinstance(node.op, ast.Sub) else ast.Add()
    return node


def _decorator(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.FunctionDef | ast.ClassDef):
        return None
    node.decorator_list.append(ast.Name("backdoor", ast.Load()))
    return node


def _definition(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.FunctionDef | ast.ClassDef):
        return None
    node.name = f"{node.name}_"
    return node


def _default(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.FunctionDef):
        return None
    node.args.kwonlyargs.append(ast.arg("force"))
    node.args.kw_defaults.append(ast.Constant(value=True))
    return node


def _result(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.Return):
        return None
    node.value = ast.Constant(value=True)
    return node


def _handler(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.ExceptHandler):
        return None
    node.type, node.name = ast.Name("Exception", ast.Load()), None
    return node


MUTATIONS: dict[str, Mutation] = {
    "call": _insert("backdoor()"),
    "call-last": _insert("backdoor()", last=True),
    "import": _insert("import subprocess"),
    "assign": _insert("flag = True"),
    "attribute": _insert("box.paid = True"),
    "raise": _insert("raise ValueError"),
    "function": _insert("def backdoor():\n    pass"),
    "delete": _delete,
    "swap": _swap,
    "constant": _constant,
    "comparison": _comparison,
    "condition": _condition,
    "always": _always,
    "argument": _argument,
    "callee": _callee,
    "name": _name,
    "operator": _operator,
    "decorator": _decorator,
    "definition": _definition,
    "default": _default,
    "result": _result,
    "handler": _handler,
}
