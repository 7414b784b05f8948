"""In which order a statement evaluates its parts, and which of them leave no trace."""

from __future__ import annotations

import ast

from app.core.model import FailureKind
from app.core.recorded import recorded_keys
from app.core.syntax import own_nodes
from app.fix.conventions import module_names
from app.fix.proof.difference import same
from app.fix.scope import parameters
from app.fix.site import Site

# Built-in functions that only look at their arguments.
_LOOKS = frozenset(
    {"len", "str", "repr", "int", "float", "bool", "isinstance", "type", "abs", "round", "hasattr", "getattr",
     "callable"}
)  # fmt: skip
# Those that go over their argument and have an answer where it is empty.
_GOES_OVER = frozenset({"sum", "any", "all", "list", "tuple", "set", "sorted"})
_QUIET = (
    ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.Slice, ast.Tuple, ast.List, ast.Dict, ast.Set,
    ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.keyword,
    ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.Load,
)  # fmt: skip


def is_reached_first(site: Site, top: ast.AST, ignoring: ast.AST | None = None) -> bool:
    """True if evaluating `top` always evaluates the failing expression, and nothing before it can change anything.

    What goes before may then neither make a condition untrue that was tested in front of `top`, nor have an effect.
    """
    before = evaluated_before(site, site.node, top)
    if before is None:
        return False
    own = [one for one in ast.iter_child_nodes(site.node) if not isinstance(one, ast.expr_context)]
    statement = site.statement
    if isinstance(statement, ast.AugAssign) and site.node in {statement.target, site.subject}:
        own.append(statement.value)
    return all(_is_quiet_but(site, one, ignoring) for one in [*before, *own])


def evaluated_before(site: Site, node: ast.AST, top: ast.AST) -> list[ast.AST] | None:
    """What `top` evaluates before its part `node`; None if it may do without `node`."""
    found: list[ast.AST] = []
    while node is not top:
        above = site.code.parents.get(node)
        row = _row(above) if above is not None else []
        if above is None or not any(one is node for one in row):
            return None
        earlier = row[: next(at for at, one in enumerate(row) if one is node)]
        if isinstance(above, ast.AugAssign):  # its target is read, not bound, before the value is evaluated
            earlier = [
                part for one in earlier for part in ast.iter_child_nodes(one) if isinstance(part, ast.expr)
            ]
        found[:0] = earlier
        node = above
    return found


def _row(node: ast.AST) -> list[ast.AST]:  # noqa: C901, PLR0911, PLR0912 - a table of forms
    """The parts that `node` always evaluates, in their order. `assert` is missing here: it can be switched off."""
    match node:
        case ast.Expr(value=value) | ast.Attribute(value=value) | ast.Starred(value=value):
            return [value]
        case ast.Await(value=value) | ast.YieldFrom(value=value) | ast.keyword(value=value):
            return [value]
        case ast.NamedExpr(value=value) | ast.UnaryOp(operand=value) | ast.withitem(context_expr=value):
            return [value]
        case ast.Return(value=ast.expr() as value) | ast.Yield(value=ast.expr() as value):
            return [value]
        case ast.If(test=value) | ast.While(test=value) | ast.IfExp(test=value) | ast.Match(subject=value):
            return [value]
        case ast.For(iter=value) | ast.AsyncFor(iter=value) | ast.comprehension(iter=value):
            return [value]
        case ast.With(items=[first, *_]) | ast.AsyncWith(items=[first, *_]):
            return [first]
        case ast.ListComp(generators=[one, *_]) | ast.SetComp(generators=[one, *_]):
            return [one]
        case ast.GeneratorExp(generators=[one, *_]) | ast.DictComp(generators=[one, *_]):
            return [one]
        case ast.BoolOp(values=[first, *_]):
            return [first]
        case ast.Compare(left=left, comparators=[second, *_]) | ast.BinOp(left=left, right=second):
            return [left, second]
        case ast.Assign(targets=targets, value=value):
            return [value, *targets]
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            return [value, target]
        case ast.AugAssign(target=target, value=value):
            return [target, value]
        case ast.Subscript(value=value, slice=index):
            return [value, index]
        case ast.Call(func=func, args=arguments, keywords=keywords):
            return [func, *arguments, *keywords]
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            return list(elements)
        case ast.JoinedStr(values=elements) | ast.Delete(targets=elements):
            return list(elements)
        case ast.Dict(keys=keys, values=values):
            return [one for pair in zip(keys, values, strict=True) for one in pair if one is not None]
        case ast.FormattedValue() | ast.Slice() | ast.Raise():
            return list(ast.iter_child_nodes(node))
        case _:
            return []


def _is_quiet_but(site: Site, node: ast.AST, ignored: ast.AST | None) -> bool:
    if node is ignored:
        return True
    if isinstance(node, ast.Call) and not _only_looks(site, node):
        return _goes_over_nothing(site, node)
    if isinstance(node, ast.Lambda):  # to make a function is not to call it
        return True
    if not isinstance(node, (*_QUIET, ast.Call)):
        return False
    return all(_is_quiet_but(site, one, ignored) for one in ast.iter_child_nodes(node))


def is_quiet(site: Site, node: ast.AST) -> bool:
    """True for what reads, computes and puts together, without a call that may do more."""
    return _is_quiet_but(site, node, None)


def _only_looks(site: Site, call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in _LOOKS and is_builtin_here(site, call.func.id)


def _goes_over_nothing(site: Site, call: ast.Call) -> bool:
    """True for `sum(x)` where `len(x)` is what failed: where x has no items, nothing is evaluated for any of them."""
    match site.subject, call:
        case (
            ast.Call(func=ast.Name(id="len"), args=[counted]),
            ast.Call(func=ast.Name(id=name), args=[items], keywords=[]),
        ) if site.failure.kind is FailureKind.ZERO and name in _GOES_OVER:
            inner = items.generators[0].iter if isinstance(items, ast.GeneratorExp | ast.ListComp) else items
            return is_builtin_here(site, name) and is_builtin_here(site, "len") and same(inner, counted)
        case _:
            return False


def is_repeatable(site: Site, node: ast.expr) -> bool:  # noqa: PLR0911 - a table of forms
    """True for an access path that gives the same when it is read once more, as far as the assumptions go."""
    match node:
        case ast.Name() | ast.Constant():
            return True
        case ast.Attribute(value=value) | ast.UnaryOp(operand=value):
            return is_repeatable(site, value)
        case ast.Subscript(value=one, slice=other) | ast.BinOp(left=one, right=other):
            return is_repeatable(site, one) and is_repeatable(site, other)
        case ast.Tuple(elts=elements) | ast.JoinedStr(values=elements):
            return all(is_repeatable(site, one) for one in elements)
        case ast.FormattedValue(value=value, format_spec=None):
            return is_repeatable(site, value)
        case ast.Call(func=ast.Name(id="len" | "abs" as name), args=[value], keywords=[]):
            return is_builtin_here(site, name) and is_repeatable(site, value)
        case ast.Call(func=ast.Attribute(value=owner, attr="get"), args=[key, *rest], keywords=[]):
            recorded = recorded_keys(site.variables, owner) is not None  # so it is no cache and no queue
            settled = all(isinstance(one, ast.Constant) for one in rest)
            return recorded and settled and is_repeatable(site, owner) and is_repeatable(site, key)
        case _:
            return False


def is_builtin_here(site: Site, name: str) -> bool:
    """True if `name` means the built-in function at the site, as far as the file shows."""
    starred = any(
        isinstance(one, ast.ImportFrom) and any(alias.name == "*" for alias in one.names)
        for one in site.code.tree.body
    )
    return not starred and name not in module_names(site.code) and name not in names_of_scopes(site)


def names_of_scopes(site: Site) -> set[str]:
    """The local names of the functions around the site."""
    found = local_names(site.function) if site.function is not None else set()
    for above in site.code.ancestors(site.statement):
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef):
            found |= local_names(above)
    return found


def local_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The names that belong to the function itself, its parameters among them."""
    found = parameters(function)
    inner: set[ast.AST] = set()
    nodes = list(own_nodes(function))
    for node in nodes:
        if isinstance(node, ast.comprehension):
            inner.update(ast.walk(node.target))
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) if node not in inner:
                found.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                found.update(names)
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.alias(name=name, asname=alias):
                found.add(alias or name.partition(".")[0])
            case _:
                pass
    return found
