"""What is known about a missing key: whether its mapping has `.get()`, and whether the key looks misspelt."""

from __future__ import annotations

import ast
import difflib
import re

from app.core.model import FailureKind
from app.core.recorded import parse_repr, recorded_keys, type_name
from app.core.syntax import chain_root, names_in
from app.fix.scope import parameters
from app.fix.site import Site

_MAPPINGS = frozenset(
    {"dict", "Mapping", "MutableMapping", "Dict", "OrderedDict", "Counter", "defaultdict", "environ"}
)
_KNOWN = frozenset({"environ", "headers", "session", "cookies"})  # trackers filter some of these out
_DOCUMENTS = frozenset(
    {"json", "simplejson", "ujson", "orjson", "toml", "tomli", "tomlkit", "tomllib", "yaml"}
)
_SHORTEST = 4
_ALIKE = 0.8


def is_lookup(site: Site) -> bool:
    """True for a subscript that reads."""
    return isinstance(site.node, ast.Subscript) and isinstance(site.node.ctx, ast.Load)


def gets(site: Site) -> bool:
    """True if the mapping is one that has `.get()`, as the locals, an annotation or the code itself shows."""
    subject = site.subject
    if recorded_keys(site.variables, subject) is not None or type_name(site.variables, subject) in _MAPPINGS:
        return True
    name = subject.attr if isinstance(subject, ast.Attribute) else getattr(subject, "id", "")
    if name in _KNOWN:
        return True
    return is_loaded(subject) or _is_dict_elsewhere(site, subject) or _is_declared(site, subject)


def is_loaded(node: ast.expr) -> bool:
    """True for a part of a document that was just read: `json.load(file)["server"]`."""
    match node:
        case ast.Subscript(value=inner, slice=ast.Constant(value=str())):
            return is_loaded(inner)
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=module), attr="load" | "loads" | "safe_load" | "parse")
        ):
            return module in _DOCUMENTS
        case ast.Call(func=ast.Attribute(attr="json"), args=[]):
            return True
        case _:
            return False


def _is_declared(site: Site, subject: ast.expr) -> bool:
    root = chain_root(subject)
    if root is not subject or not isinstance(root, ast.Name) or site.function is None:
        return False
    arguments = site.function.args
    for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        if one.arg == root.id and one.annotation is not None:
            return bool(re.match(r"[\w.]*?(dict|Dict|Mapping)\b", ast.unparse(one.annotation).strip("'\"")))
    return False


def _is_dict_elsewhere(site: Site, subject: ast.expr) -> bool:
    """True if the file makes a dict of it, or calls `.get()` on it."""
    wanted = ast.dump(subject).replace("Store()", "Load()")
    for node in ast.walk(site.code.tree):
        match node:
            case (
                ast.Assign(targets=[target], value=ast.Dict() | ast.DictComp())
                | ast.AnnAssign(target=target, value=ast.Dict() | ast.DictComp())
            ) if ast.dump(target).replace("Store()", "Load()") == wanted:
                return True
            case ast.Call(func=ast.Attribute(value=value, attr="get" | "setdefault" | "items")) if (
                ast.dump(value) == wanted
            ):
                return True
            case _:
                pass
    return False


def is_only_tested(site: Site, node: ast.expr) -> bool:
    """True if the truth of `node` is all that is asked."""
    above = site.parent(node)
    match above:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            return test is node
        case ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return is_only_tested(site, above)
        case _:
            return False


def is_table(site: Site) -> bool:
    """True for a constant table: an unknown key may be a condition worth raising."""
    root = chain_root(site.subject)
    return isinstance(root, ast.Name) and root.id.isupper()


def is_asked_for(site: Site) -> bool:
    """True for a missing key of a constant table, or one that a caller chose: both may be worth an error."""
    given = parameters(site.function) if site.function is not None else set()
    chosen = site.key is not None and names_in(site.key) & given
    return site.failure.kind is FailureKind.MISSING_KEY and (is_table(site) or bool(chosen))


def is_misspelt(site: Site) -> bool:
    """True if a literal key resembles a recorded one so much that it is probably meant."""
    key = parse_repr(site.failure.key or "")
    if (
        not isinstance(site.key, ast.Constant)
        or not isinstance(key, ast.Constant)
        or not isinstance(key.value, str)
    ):
        return False
    return any(resembles(key.value, other) for other in recorded_keys(site.variables, site.subject) or [])


def resembles(wanted: str, other: str) -> bool:
    """True if one name is so like the other that it is probably a slip of the pen."""
    if len(wanted) < _SHORTEST:
        return False
    same = re.sub(r"[\W_]", "", other).lower() == re.sub(r"[\W_]", "", wanted).lower()
    digits = re.sub(r"\d", "", other) == re.sub(r"\d", "", wanted)
    alike = difflib.SequenceMatcher(None, other, wanted).ratio() >= _ALIKE
    return same or (alike and not digits and abs(len(other) - len(wanted)) <= 1)
