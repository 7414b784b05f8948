"""How this repository already handles the same thing elsewhere, within the files that were loaded."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from app.core.source import SourceTree
from app.core.syntax import Code, Function

_LARGEST_FILE = 400_000
_MOST_FILES = 400
_MOST_TEXT = 3_000_000
_NO_CLASSES = frozenset({"Any", "Final", "LiteralString", "Never", "NoReturn", "Self", "TypeAlias"})
_EMPTY_CALLS = frozenset(
    {"set", "dict", "list", "tuple", "frozenset", "Decimal", "timedelta", "str", "int", "float"}
)


@dataclass(frozen=True, slots=True)
class Precedent:
    """A value that the repository uses for the same missing thing, and where."""

    code: str
    place: str


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    code: Code


@dataclass(frozen=True)
class Conventions:
    """What the loaded Python files of `tree` show; the file `path` is read first, so that it decides."""

    tree: SourceTree
    path: str

    @cached_property
    def files(self) -> list[_File]:
        """The parsed files: this one, then its neighbours, then the others."""
        folder = self.path.rpartition("/")[0]
        python = [one for one in self.tree.paths if one.endswith(".py")]
        python.sort(key=lambda one: (one != self.path, one.rpartition("/")[0] != folder, one))
        found: list[_File] = []
        size = 0
        for path in python:
            text = self.tree.read(path)
            code = Code.parse(text) if text is not None and len(text) <= _LARGEST_FILE else None
            if code is not None and text is not None:
                found.append(_File(path, code))
                size += len(text)
            if len(found) >= _MOST_FILES or size > _MOST_TEXT:
                break
        return found

    def for_key(self, key: str) -> Precedent | None:
        """The default that `.get(key, default)` or `... or default` has elsewhere; `key` is the key's repr."""
        return self._first(self._keys, key)

    def for_attribute(self, attribute: str) -> Precedent | None:
        """The value that a conditional, an `or` or `getattr` gives elsewhere for the attribute of nothing."""
        return self._first(self._attributes, attribute)

    def for_value(self, attribute: str) -> Precedent | None:
        """The value that `x.attribute or value` gives elsewhere."""
        return self._first(self._values, attribute)

    def for_function(self, name: str) -> list[ast.arguments]:
        """The signatures of the functions and methods with this name; for a class those of its `__init__`."""
        return self._signatures.get(name, [])

    def for_class(self, name: str) -> ast.ClassDef | None:
        """The definition of the class with this name, the nearest file first."""
        return self._classes.get(name)

    def expected_class(self, code: Code, subject: ast.expr, statement: ast.stmt) -> Precedent | None:
        """The class that the function's annotation of a local says, if the module knows that class when it runs."""
        function = code.function_of(statement)
        if function is None or not isinstance(subject, ast.Name):
            return None
        for node in ast.walk(function):
            match node:
                case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation) if name == subject.id:
                    written = ast.unparse(annotation).strip("'\"")
                    if all(one.isidentifier() for one in written.split(".")) and _is_class(code, written):
                        return Precedent(written, f"{self.path}:{node.lineno}")
                case _:
                    pass
        return None

    def module_answer(self) -> Precedent | None:
        """What the functions of this file return for a missing value, if they agree."""
        answers: Counter[str] = Counter()
        first: dict[str, str] = {}
        for file in self.files[:1] if self.files and self.files[0].path == self.path else []:
            for node in ast.walk(file.code.tree):
                if isinstance(node, ast.If) and (found := guard_return(node)) is not None:
                    value = file.code.text(found.value) if found.value is not None else ""
                    answers[value] += 1
                    first.setdefault(value, f"{file.path}:{node.lineno}")
        return Precedent(*next(iter(first.items()))) if len(answers) == 1 else None

    def callers_expect_none(self, function: str) -> Precedent | None:
        """Where a caller tests the function's result for None or for truth."""
        for file in self.files:
            for node in ast.walk(file.code.tree):
                if isinstance(node, ast.Call) and _called(node) == function and _is_tested(file.code, node):
                    return Precedent("None", f"{file.path}:{node.lineno}")
        return None

    def _first(self, table: dict[str, list[Precedent]], name: str) -> Precedent | None:
        found = table.get(name, [])
        if not found:
            return None
        own = [one for one in found if one.place.startswith(f"{self.path}:")]
        pool = own or found
        common, _ = Counter(one.code for one in pool).most_common(1)[0]
        return next(one for one in pool if one.code == common)

    @cached_property
    def _signatures(self) -> dict[str, list[ast.arguments]]:
        found: dict[str, list[ast.arguments]] = {}
        for file in self.files:
            for node in ast.walk(file.code.tree):
                if isinstance(node, Function):
                    owner = file.code.parents.get(node)
                    name = (
                        owner.name
                        if node.name == "__init__" and isinstance(owner, ast.ClassDef)
                        else node.name
                    )
                    found.setdefault(name, []).append(node.args)
        return found

    @cached_property
    def _classes(self) -> dict[str, ast.ClassDef]:
        found: dict[str, ast.ClassDef] = {}
        for file in self.files:
            for node in ast.walk(file.code.tree):
                if isinstance(node, ast.ClassDef):
                    found.setdefault(node.name, node)
        return found

    @cached_property
    def _keys(self) -> dict[str, list[Precedent]]:
        return self._collect(_key_fallbacks)

    @cached_property
    def _attributes(self) -> dict[str, list[Precedent]]:
        return self._collect(_attribute_fallbacks)

    @cached_property
    def _values(self) -> dict[str, list[Precedent]]:
        return self._collect(_value_fallbacks)

    def _collect(
        self, reader: Callable[[ast.AST], Iterator[tuple[str, ast.expr]]]
    ) -> dict[str, list[Precedent]]:
        found: dict[str, list[Precedent]] = {}
        names = self._module_names
        for file in self.files:
            for node in ast.walk(file.code.tree):
                for name, value in reader(node):
                    if is_constant(value) and _names(value) <= names:
                        place = f"{file.path}:{getattr(node, 'lineno', 1)}"
                        found.setdefault(name, []).append(Precedent(file.code.text(value), place))
        return found

    @cached_property
    def own_names(self) -> set[str]:
        """The names that this file binds at its top level."""
        own = next((one for one in self.files if one.path == self.path), None)
        return module_names(own.code) if own is not None else set()

    @cached_property
    def _module_names(self) -> set[str]:
        return self.own_names | _EMPTY_CALLS - {
            "Decimal",
            "timedelta",
        }


@lru_cache(maxsize=8)
def conventions_of(tree: SourceTree, path: str) -> Conventions:
    """The conventions of `tree` as the file `path` sees them; the same object for the same tree and file."""
    return Conventions(tree, path)


def module_names(code: Code) -> set[str]:
    """The names that a module binds at its top level."""
    names: set[str] = set()
    for statement in code.tree.body:
        match statement:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names |= {alias.asname or alias.name.partition(".")[0] for alias in aliases}
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=targets):
                names |= {
                    one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)
                }
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case _:
                pass
    return names


def _is_class(code: Code, written: str) -> bool:
    """True for a dotted name that the module defines or imports and that `isinstance` takes."""
    return written.partition(".")[0] in module_names(code) and written.rpartition(".")[2] not in _NO_CLASSES


def defined_names(code: Code) -> set[str]:
    """The names of the modules, functions and classes that a module imports whole or defines at its top level."""
    names: set[str] = set()
    for statement in code.tree.body:
        match statement:
            case ast.Import(names=aliases):
                names |= {alias.asname or alias.name.partition(".")[0] for alias in aliases}
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case _:
                pass
    return names


def is_constant(node: ast.expr) -> bool:  # noqa: PLR0911 - a table of forms
    """True for a value that is the same everywhere: literals, empty containers, `Decimal("0")`, CONSTANTS."""
    match node:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return name.isupper()
        case ast.Attribute(value=ast.Name(), attr=attr):
            return attr.isupper()
        case ast.UnaryOp(operand=operand):
            return is_constant(operand)
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            return all(is_constant(one) for one in elements)
        case ast.Dict(keys=keys, values=values):
            return all(key is not None and is_constant(key) for key in keys) and all(
                is_constant(one) for one in values
            )
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return name in _EMPTY_CALLS and all(is_constant(one) for one in arguments)
        case _:
            return False


def is_missing_test(test: ast.expr) -> bool:
    """True for `x is None`, `not x`, `k not in d`, and an `or` of such."""
    match test:
        case ast.Compare(ops=[ast.Is() | ast.Eq()], comparators=[ast.Constant(value=None)]):
            return True
        case ast.Compare(
            ops=[ast.Eq()], comparators=[ast.List(elts=[]) | ast.Dict(keys=[]) | ast.Tuple(elts=[])]
        ):
            return True
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="len")), ops=[ast.Eq()], comparators=[ast.Constant(value=0)]
        ):
            return True
        case ast.Compare(ops=[ast.NotIn()]) | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.BoolOp(op=ast.Or(), values=values):
            return is_missing_test(values[0])
        case _:
            return False


def guard_return(node: ast.If) -> ast.Return | None:
    """The `return` of an early-return guard that gives a constant or nothing; None if it is no such guard."""
    if node.orelse or not node.body or not is_missing_test(node.test):
        return None
    match node.body[-1]:
        case ast.Return(value=value) as found if value is None or is_constant(value):
            return found
        case _:
            return None


def _key_fallbacks(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Call(
            func=ast.Attribute(attr="get" | "pop" | "setdefault"), args=[ast.Constant() as key, default]
        ):
            yield repr(key.value), default
        case ast.BoolOp(op=ast.Or(), values=[first, default]):
            if (spelled := _read_key(first)) is not None:
                yield spelled, default
        case ast.IfExp(
            body=body, test=ast.Compare(left=ast.Constant() as key, ops=[ast.In()]), orelse=default
        ):
            if _read_key(body) == repr(key.value):
                yield repr(key.value), default
        case _:
            pass


def _read_key(node: ast.expr) -> str | None:
    match node:
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=key)]):
            return repr(key)
        case ast.Subscript(slice=ast.Constant(value=key)):
            return repr(key)
        case _:
            return None


def _attribute_fallbacks(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.IfExp(test=test, body=body, orelse=orelse):
            negative = is_missing_test(test)
            kept, default = (orelse, body) if negative else (body, orelse)
            for inner in ast.walk(kept):
                if isinstance(inner, ast.Attribute) and _tests(test, inner.value):
                    yield inner.attr, default
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), default]):
            yield name, default
        case _:
            pass


def _value_fallbacks(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.BoolOp(op=ast.Or(), values=[ast.Attribute(attr=attr) | ast.Name(id=attr), default]):
            yield attr, default
        case ast.IfExp(test=test, body=body, orelse=orelse):
            negative = is_missing_test(test)
            kept, default = (orelse, body) if negative else (body, orelse)
            if isinstance(kept, ast.Attribute) and _tests(test, kept):
                yield kept.attr, default
        case _:
            pass


def _tests(test: ast.expr, subject: ast.expr) -> bool:
    """True if the condition is about `subject` itself: `x`, `not x`, `x is None`, `x is not None`."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ast.dump(operand) == ast.dump(subject)
        case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return ast.dump(left) == ast.dump(subject)
        case _:
            return ast.dump(test) == ast.dump(subject)


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _is_tested(code: Code, call: ast.Call) -> bool:
    """True if the result of `call` meets `is None`, a truth test or `or`, directly or through one name."""
    node: ast.AST = code.parents[call]
    match node:
        case ast.NamedExpr(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            function = code.function_of(node)
            scope = function if function is not None else code.tree
            return any(tests_name(one, name) for one in ast.walk(scope))
        case ast.Await():
            return False
        case _:
            return _is_truth(node, call)


def _is_truth(node: ast.AST, value: ast.AST) -> bool:
    match node:
        case ast.Compare(ops=[ast.Is() | ast.IsNot()]) | ast.UnaryOp(op=ast.Not()) | ast.BoolOp(op=ast.Or()):
            return True
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            return test is value
        case _:
            return False


def tests_name(node: ast.AST, name: str) -> bool:
    """True if `node` is a test of the plain name for None or for truth."""
    match node:
        case ast.Compare(
            left=ast.Name(id=left), ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]
        ):
            return left == name
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=operand)):
            return operand == name
        case (
            ast.If(test=ast.Name(id=test))
            | ast.IfExp(test=ast.Name(id=test))
            | ast.While(test=ast.Name(id=test))
        ):
            return test == name
        case ast.BoolOp(values=[ast.Name(id=first), *_]):
            return first == name
        case _:
            return False


def _names(node: ast.expr) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
