"""A value that is only made more precise stays as it is where that fails.

What it fixes:
    `genre = GENRES[int(found.group(1))]` under a test of how `genre` is written, for a number that is in no table;
    the lower case of a text that cannot be encoded.

Why it fails:
    The test asks how the value is written, and the table or the function asks for more than that.

Fix safety:
    Unsafe: the handler takes only this exception of this one statement, but whether the value may stay is for a person
    to say. Values that the test does not choose must go on as they are, so that readers know them; a test for None or
    for a class shows no such values, a negative one brings all into one form, and what is read as a number afterwards
    cannot stay a text.

References:
    Python Glossary, "EAFP".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import Function, names_bound, names_in, own_nodes
from app.fix.attempts import in_try, may_try, reports_input
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.scope import locals_before
from app.fix.site import Site

_CASE = re.compile(r"(?:^|_)(?:lower|upper|casefold|swapcase|title|capitalize)(?:$|_|case)")
_NUMBERS = frozenset({"int", "float", "Decimal", "round", "abs", "range", "sum", "min", "max"})


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the refinement into a `try` that leaves the value alone."""
    match site.statement:
        case ast.Assign(targets=[target], value=value) if may_try(site):
            found = _kept(site, target) or _case_of(site, target, value)
        case _:
            return
    if found is None:
        return
    answer, name, why = found
    yield Proposal(
        in_try(site, answer),
        f"Keep `{name}` as it is when line {site.statement.lineno} raises {site.trace.names[0]}",
        (why,),
        "The handler takes one exception of one statement.",
        Strength.GUARD,
        safe=False,
    )


def _kept(site: Site, target: ast.expr) -> tuple[str, str, str] | None:
    """The evidence that the value before may stay: others of its kind go past the statement as they are."""
    if not isinstance(target, ast.Name) or target.id not in locals_before(site):
        return None
    reported = reports_input(site) if site.failure.kind is FailureKind.RAISED else True
    test = _chosen_by(site)
    sources = {target.id, *_made_of(site, target.id)}
    if not reported or test is None or not names_in(site.statement.value) & sources:  # type: ignore[attr-defined]
        return None
    if not _asks_how_written(test, target.id, sources) or _is_number_later(site, target.id):
        return None
    return "pass", target.id, f"Where `{site.text(test)}` does not hold, `{target.id}` stays as it is."


def _chosen_by(site: Site) -> ast.expr | None:
    """The test of the `if` whose body holds the statement; None if it has an `else`, or is no such statement."""
    above = site.parent(site.statement)
    if isinstance(above, ast.If) and site.statement in above.body and not above.orelse:
        return above.test
    return None


def _made_of(site: Site, name: str) -> set[str]:
    """The locals that the function makes once, of the value of `name`."""
    nodes = list(own_nodes(site.function)) if isinstance(site.function, Function) else []
    made = [
        one.targets[0].id
        for one in nodes
        if isinstance(one, ast.Assign)
        and isinstance(one.targets[0], ast.Name)
        and len(one.targets) == 1
        and name in names_in(one.value)
        and one.lineno < site.statement.lineno
    ]
    made += [
        one.target.id
        for one in nodes
        if isinstance(one, ast.NamedExpr)
        and name in names_in(one.value)
        and one.lineno < site.statement.lineno
    ]
    stored = [one.id for one in nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]
    return {one for one in made if one != name and stored.count(one) == 1}


def _asks_how_written(test: ast.expr, name: str, sources: set[str]) -> bool:  # noqa: PLR0911 - a table of forms
    """True for a test of the contents of the value, or for the match of a pattern in it."""
    match test:
        case ast.Name(id=asked):
            return asked != name and asked in sources
        case ast.NamedExpr(target=ast.Name(id=asked)):
            return asked in sources
        case ast.BoolOp(values=values):
            return any(_asks_how_written(one, name, sources) for one in values)
        case ast.Compare(ops=[ast.IsNot()], left=ast.Name(id=asked)):
            return asked != name and asked in sources
        case ast.Compare(left=ast.Subscript(value=ast.Name(id=asked))):
            return asked in sources
        case ast.Compare(ops=[ast.In()], comparators=[ast.Name(id=asked)]):
            return asked in sources
        case ast.Call(func=ast.Attribute(value=ast.Name(id=asked))):
            return asked in sources
        case ast.Call(func=ast.Attribute(attr="match" | "search" | "fullmatch"), args=arguments):
            return any(names_in(one) & sources for one in arguments)
        case _:
            return False


def _is_number_later(site: Site, name: str) -> bool:
    """True if what follows reckons with the value: then a text cannot stay."""
    for statement in site.later:
        for node in ast.walk(statement):
            match node:
                case ast.Call(func=ast.Name(id=called), args=arguments) if called in _NUMBERS and any(
                    names_in(one) == {name} for one in arguments
                ):
                    return True
                case ast.BinOp(op=op, left=left, right=right) if not isinstance(op, ast.Mod | ast.Add):
                    if name in {ast.unparse(left), ast.unparse(right)}:
                        return True
                case _:
                    pass
        if name in names_bound(statement):
            return False
    return False


def _case_of(site: Site, target: ast.expr, value: ast.expr) -> tuple[str, str, str] | None:
    """The text itself in place of its lower or upper case: such a function leaves what it does not know."""
    match value:
        case ast.Call(
            func=ast.Name(id=called) | ast.Attribute(attr=called), args=[ast.Name(id=name)], keywords=[]
        ):
            pass
        case _:
            return None
    reported = "UnicodeError" in site.trace.names and _CASE.search(called)
    if not reported or not isinstance(target, ast.Name | ast.Attribute):
        return None
    why = f"`{called}()` changes the case of letters and leaves other characters as they are."
    return f"{site.text(target)} = {name}", name, why


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.UNSAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.RAISED, FailureKind.BAD_INDEX, FailureKind.MISSING_KEY}),
    codemod=codemod,
    examples=(
        Example(
            """\
import re

BANDS = ["free", "reduced", "full"]


def band(text):
    text = text.strip()
    number = re.match(r"#(\\d+)$", text)
    if number:
        text = BANDS[int(number.group(1))]
    return text.title()


assert [band(one) for one in ("#1", "zero", " #7")] == ["Reduced", "Zero", "#7"]
""",
            """\
import re

BANDS = ["free", "reduced", "full"]


def band(text):
    text = text.strip()
    number = re.match(r"#(\\d+)$", text)
    if number:
        try:
            text = BANDS[int(number.group(1))]
        except IndexError:
            pass
    return text.title()


assert [band(one) for one in ("#1", "zero", " #7")] == ["Reduced", "Zero", "#7"]
""",
        ),
        Example(
            """\
def page(text):
    if text.isdigit():
        text = int(text)
    return {"page": text}


assert page("\\u00b2") == {"page": "\\u00b2"}
""",
            """\
def page(text):
    if text.isdigit():
        try:
            text = int(text)
        except ValueError:
            pass
    return {"page": text}


assert page("\\u00b2") == {"page": "\\u00b2"}
""",
        ),
        Example(
            """\
import re

NAMES = {"amp": "&", "lt": "<"}


def plain(part):
    found = re.match(r"&(\\w+);$", part)
    if found:
        part = NAMES[found.group(1)]
    return part


assert [plain(one) for one in ("&amp;", "nuts", "&bolts;")] == ["&", "nuts", "&bolts;"]
""",
            """\
import re

NAMES = {"amp": "&", "lt": "<"}


def plain(part):
    found = re.match(r"&(\\w+);$", part)
    if found:
        try:
            part = NAMES[found.group(1)]
        except KeyError:
            pass
    return part


assert [plain(one) for one in ("&amp;", "nuts", "&bolts;")] == ["&", "nuts", "&bolts;"]
""",
        ),
        Example(
            """\
def ascii_lower(text):
    return text.encode("utf-8").lower().decode("utf-8")


class Label:
    def __init__(self, text):
        self.text = text
        self.lower = ascii_lower(text)


assert Label("\\ud800").lower == "\\ud800"
""",
            """\
def ascii_lower(text):
    return text.encode("utf-8").lower().decode("utf-8")


class Label:
    def __init__(self, text):
        self.text = text
        try:
            self.lower = ascii_lower(text)
        except UnicodeEncodeError:
            self.lower = text


assert Label("\\ud800").lower == "\\ud800"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def price(value):
    if isinstance(value, str):
        value = float(value)
    return value


price("free")
""",
            "Readers know numbers only: where the test does not hold, the value is one already.",
        ),
        Unchanged(
            """\
def number(text):
    if not text.startswith("0x"):
        text = hex(int(text))
    return {"number": text}


number("seven")
""",
            "Readers know one form only: the test passes over what has it already.",
        ),
        Unchanged(
            """\
def share(text):
    if text.endswith("%"):
        text = float(text[:-1]) / 100
    return float(text) * 5


share("half%")
""",
            "What follows reckons with the value.",
        ),
        Unchanged(
            """\
def band(text):
    if text.isdigit():
        text = ["free", "reduced", "full"][int(text)]
    else:
        text = text.lower()
    return text


band("7")
""",
            "No value goes past the branches as it is.",
        ),
    ),
)
