"""A special method answers as its protocol demands, where what it is asked for is not there or of another kind.

What it fixes:
    `__getattr__` looks the name up in a mapping and raises KeyError, so that `hasattr` and `copy` fail; `__lt__` reads
    an attribute of an object that has none; `__getitem__` of an object without contents fails on None.

Why it fails:
    The method is written as any other, but the language calls it and counts on a certain answer.

Fix safety:
    Unsafe: what raised before still raises or is answered by the other operand, in the way that the language asks for;
    a caller may have got used to the other error.

References:
    Python Language Reference, "Data model": `object.__getattr__`, `object.__lt__`, "Emulating numeric types",
    `object.__getitem__`; Python Standard Library, "NotImplemented".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import Function, names_in, own_nodes
from app.fix.conventions import module_names
from app.fix.edit import Before
from app.fix.own_errors import WHY_SAFE, refuse
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.scope import enclosing_class
from app.fix.site import Site

_EQUALITY = frozenset({"__eq__", "__ne__"})
_ORDER = frozenset({"__lt__", "__le__", "__gt__", "__ge__"})
_ARITHMETIC = frozenset(
    f"__{kind}{name}__"
    for kind in ("", "r")
    for name in (
        "add",
        "sub",
        "mul",
        "truediv",
        "floordiv",
        "mod",
        "divmod",
        "pow",
        "and",
        "or",
        "xor",
        "matmul",
    )
)
_BINARY = _EQUALITY | _ORDER | _ARITHMETIC
_CONDITION = (
    "The language asks the other operand then, and has an answer of its own if that knows none either."
)


def codemod(site: Site) -> Iterator[Proposal]:
    """Raises the error of the protocol, or returns NotImplemented."""
    name = site.function.name if site.function is not None else ""
    if name in {"__getattr__", "__getattribute__"}:
        yield from _no_attribute(site)
    elif name in {"__getitem__", "__delitem__"}:
        yield from _no_item(site)
    elif name in _BINARY:
        yield from _other_kind(site)


def _no_attribute(site: Site) -> Iterator[Proposal]:
    """A name that cannot be looked up is an attribute that is not there."""
    asked = _second_parameter(site)
    if asked is None or site.trace.distance > 1 or asked not in names_in(site.node):
        return
    if "LookupError" not in site.trace.names and not _asks_for_place(site.node):
        return
    proposal = refuse(
        site,
        f"AttributeError({asked})",
        f"Raise AttributeError when line {site.statement.lineno} finds no `{asked}`",
        "`hasattr`, `getattr` with a default, `copy` and `pickle` count on AttributeError where there is no such name.",
        Strength.SIGNATURE,
    )
    if proposal is not None:
        yield proposal


def _asks_for_place(node: ast.expr) -> bool:
    """True for `names.index(name)`, which raises ValueError for a name that is not there."""
    match node:
        case ast.Call(func=ast.Attribute(attr="index"), args=[ast.Name()]):
            return True
        case _:
            return False


def _no_item(site: Site) -> Iterator[Proposal]:
    """An object that holds nothing has no item, and says so as sequences do."""
    if not site.none or not isinstance(site.subject, ast.Attribute) or not site.takes_guard:
        return
    if site.trace.distance:
        return
    yield Proposal(
        (Before(site.statement, f"if {site.negated_test}:\n    raise IndexError"),),
        f"Raise IndexError from {site.function_name} when {site.missing}",
        ("Without contents there is no item, and IndexError is how a sequence says that.",),
        WHY_SAFE,
        Strength.CONTEXT,
        safe=False,
        raises=True,
    )


def _other_kind(site: Site) -> Iterator[Proposal]:
    """An operand that lacks what the method reads is of a kind that the method knows nothing of."""
    other = _second_parameter(site)
    match site.node:
        case ast.Attribute(value=ast.Name(id=read), attr=attribute) if read == other and site.takes_guard:
            pass
        case _:
            return
    if site.trace.distance or site.trace.names[0] != "AttributeError":
        return
    equality = site.function is not None and site.function.name in _EQUALITY
    own = enclosing_class(site.code, site.statement)
    if own is not None and own.name in module_names(site.code) and _compares_classes(site):
        test = f"not isinstance({other}, {own.name})"
    else:
        test = f'not hasattr({other}, "{attribute}")'
    yield Proposal(
        (Before(site.statement, f"if {test}:\n    return NotImplemented"),),
        f"Return NotImplemented from {site.function_name} for what has no `{attribute}`",
        (_CONDITION,),
        "The guard ends only executions that would have raised.",
        Strength.SYNTAX if equality else Strength.SIGNATURE,
        "NotImplemented",
        safe=False,
        raises=not equality,
    )


def _compares_classes(site: Site) -> bool:
    """True if a method of the file for two operands asks for the class of the other one."""
    for function in ast.walk(site.code.tree):
        if isinstance(function, Function) and function.name in _BINARY and len(function.args.args) > 1:
            other = function.args.args[1].arg
            for one in own_nodes(function):
                match one:
                    case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=name), _]) if (
                        name == other
                    ):
                        return True
                    case _:
                        pass
    return False


def _second_parameter(site: Site) -> str | None:
    """What the method is asked about: its one parameter besides `self`."""
    arguments = site.function.args if site.function is not None else None
    positional = [*arguments.posonlyargs, *arguments.args] if arguments is not None else []
    return positional[1].arg if len(positional) > 1 else None


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.UNSAFE,
    answers=ANY,
    kinds=frozenset(
        {
            FailureKind.RAISED,
            FailureKind.MISSING_KEY,
            FailureKind.BAD_INDEX,
            FailureKind.WRONG_TYPE,
            FailureKind.NONE_VALUE,
        }
    ),
    codemod=codemod,
    examples=(
        Example(
            """\
class Options:
    def __init__(self, values):
        self.__dict__["values"] = values

    def __getattr__(self, name):
        return self.values[name]


assert not hasattr(Options({"colour": "red"}), "size")
""",
            """\
class Options:
    def __init__(self, values):
        self.__dict__["values"] = values

    def __getattr__(self, name):
        try:
            return self.values[name]
        except KeyError as error:
            raise AttributeError(name) from error


assert not hasattr(Options({"colour": "red"}), "size")
""",
        ),
        Example(
            """\
class Price:
    def __init__(self, cents):
        self.cents = cents

    def __eq__(self, other):
        return self.cents == other.cents


assert Price(5) != 5
""",
            """\
class Price:
    def __init__(self, cents):
        self.cents = cents

    def __eq__(self, other):
        if not hasattr(other, "cents"):
            return NotImplemented
        return self.cents == other.cents


assert Price(5) != 5
""",
        ),
        Example(
            """\
class Answer:
    def __init__(self, rows):
        self.rows = rows

    def __getitem__(self, at):
        return self.rows[at]


try:
    Answer(None)[0]
except IndexError:
    pass
""",
            """\
class Answer:
    def __init__(self, rows):
        self.rows = rows

    def __getitem__(self, at):
        if self.rows is None:
            raise IndexError
        return self.rows[at]


try:
    Answer(None)[0]
except IndexError:
    pass
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
class Options:
    def __init__(self, values):
        self.__dict__["values"] = values

    def __getattr__(self, name):
        return self.values["defaults"].get(name)


Options({"colour": "red"}).size
""",
            "What is missing is not what the name stands for.",
        ),
        Unchanged(
            """\
class Price:
    def __init__(self, cents):
        self.cents = cents

    def __eq__(self, other):
        return self.amount == other.cents


Price(5) == Price(5)
""",
            "The method's own object lacks the attribute: that is a slip.",
        ),
        Unchanged(
            """\
class Price:
    def __init__(self, cents):
        self.cents = cents

    def same(self, other):
        return self.cents == other.cents


Price(5).same(5)
""",
            "Only the language knows what to do with NotImplemented.",
        ),
    ),
)
