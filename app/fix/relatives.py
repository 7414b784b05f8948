"""The relatives of a function, and the error by which they refuse what they cannot convert.

`get_int` and `get_list` of one class are relatives, and so are `parse` of two classes with the same base: same work,
same parameters, and a name that differs in one word. An error whose text has that word is true of the other one with
the word exchanged.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from app.core.syntax import Code, Function, names_bound, names_in, own_nodes
from app.fix.conventions import module_names
from app.fix.modules import is_test
from app.fix.own_errors import class_of, gives_a_value, on_one_line
from app.fix.scope import is_own_error, locals_before, names_before, parameters
from app.fix.site import Site

_NO_FAMILY = frozenset(
    {"object", "Exception", "ABC", "Enum", "dict", "list", "str", "TestCase", "Protocol", "Generic"}
)
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Relative:
    """A function that does the same work for another kind. Its word is what `word` is for the function at hand."""

    function: Function
    code: Code
    path: str
    its_word: str
    word: str


@dataclass(frozen=True, slots=True)
class OwnError:
    """An error that can be raised at the site: its class, its code, the import that it needs, and its model's place."""

    name: str
    code: str
    place: str
    line: str | None


def errors_of_relatives(site: Site) -> Iterator[OwnError]:
    """The errors of the class that most relatives raise, the answers to a failed conversion first, and that of most."""
    family = list(relatives(site))
    raised = {id(one.function): _raised(one) for one in family}
    count = Counter(name for errors in raised.values() for name in {class_of(error) for error, _ in errors})
    name, most = count.most_common(1)[0] if count else ("", 0)
    silent = sum(gives_a_value(one.function) for one in family)
    if most < max(_FEWEST, silent + 1):
        return
    found = [
        (code, handles, error, one)
        for one in family
        for error, handles in raised[id(one.function)]
        if class_of(error) == name and (code := _exchanged(one, error)) is not None
    ]
    agree = Counter(code for code, *_ in found)
    for code, _, error, relative in sorted(found, key=lambda one: (not one[1], -agree[one[0]])):
        missing = names_in(error) - names_before(site)
        lines = [_import_of(relative, one) for one in sorted(missing)]
        same = all(_is_same(site, relative, one) for one in names_in(error) - missing)
        if same and len(lines) <= 1 and None not in lines:
            yield OwnError(name, code, f"{relative.path}:{error.lineno}", lines[0] if lines else None)


def relatives(site: Site) -> Iterator[Relative]:
    """The functions of the same class or module whose name differs in its last part, then those of sibling classes."""
    function = site.function
    owner = site.code.parents.get(function) if function is not None else None
    if function is None or not isinstance(owner, ast.ClassDef | ast.Module):
        return
    first, _, word = function.name.strip("_").partition("_")
    for one in owner.body:
        if isinstance(one, Function) and one is not function and _signature(one) == _signature(function):
            its_first, _, its_word = one.name.strip("_").partition("_")
            if first and word and its_word and its_first == first:
                yield Relative(one, site.code, site.path, its_word, word)
    if isinstance(owner, ast.ClassDef):
        yield from _of_siblings(site, function, owner)


def _of_siblings(site: Site, function: Function, owner: ast.ClassDef) -> Iterator[Relative]:
    bases = _bases(owner)
    for file in site.conventions.files if bases else ():
        for node in ast.walk(file.code.tree) if not is_test(file.path) else ():
            if not isinstance(node, ast.ClassDef) or node.name == owner.name or not _bases(node) & bases:
                continue
            for one in node.body:
                same = isinstance(one, Function) and one.name == function.name
                if same and isinstance(one, Function) and _signature(one) == _signature(function):
                    yield Relative(one, file.code, file.path, node.name, owner.name)


def _bases(owner: ast.ClassDef) -> set[str]:
    return {ast.unparse(one).rpartition(".")[2] for one in owner.bases} - _NO_FAMILY


def _signature(function: Function) -> list[str]:
    arguments = function.args
    names = [one.arg for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]]
    return [one for one in names if one not in {"self", "cls"}]


def _raised(relative: Relative) -> list[tuple[ast.Call, bool]]:
    """The errors of the package that the relative raises with a text; True where a handler does so."""
    return [
        (one.exc, isinstance(relative.code.parents[one], ast.ExceptHandler))
        for one in own_nodes(relative.function)
        if isinstance(one, ast.Raise)
        and isinstance(one.exc, ast.Call)
        and one.exc.args
        and is_own_error(one.exc)
    ]


def _exchanged(relative: Relative, error: ast.Call) -> str | None:
    """The error with our word in place of the relative's, if its texts have that word and nothing else of it has."""
    word = re.compile(rf"(?<!\w){re.escape(relative.its_word)}(?!\w)")
    texts = [
        one.value for one in ast.walk(error) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]
    code = on_one_line(relative.code, error)
    count = sum(len(word.findall(one)) for one in texts)
    return word.sub(relative.word, code) if count and count == len(word.findall(code)) else None


def _import_of(relative: Relative, name: str) -> str | None:
    """The import by which the relative's file has the name, if it can stand in any file."""
    for one in relative.code.tree.body:
        if (
            isinstance(one, ast.ImportFrom)
            and not one.level
            and any(alias.name == name and alias.asname is None for alias in one.names)
        ):
            return f"from {one.module} import {name}"
    return None


def _is_same(site: Site, relative: Relative, name: str) -> bool:
    """True if the name stands for the same in both functions."""
    if site.function is None:
        return False
    if name in parameters(relative.function) or name in parameters(site.function):
        return name in parameters(relative.function) and name in parameters(site.function)
    if name in names_bound(site.function) | names_bound(relative.function):
        ours, theirs = _binding(site.function, name), _binding(relative.function, name)
        return ours is not None and ours == theirs and name in locals_before(site)
    is_global = name in module_names(site.code) | module_names(relative.code)
    return relative.path == site.path or not is_global or _is_imported_alike(site.code, relative.code, name)


def _is_imported_alike(one: Code, other: Code, name: str) -> bool:
    def origin(code: Code) -> set[tuple[str | None, int]]:
        return {
            (part.module, part.level)
            for part in code.tree.body
            if isinstance(part, ast.ImportFrom)
            and any((alias.asname or alias.name) == name for alias in part.names)
        }

    return bool(origin(one) & origin(other))


def _binding(function: Function, name: str) -> str | None:
    """How the function gives the name its value, if it does so once in a plain assignment."""
    found = [
        ast.dump(one.value)
        for one in own_nodes(function)
        if isinstance(one, ast.Assign)
        and any(isinstance(to, ast.Name) and to.id == name for to in one.targets)
    ]
    return found[0] if len(found) == 1 else None
