"""A text is taken apart at a separator that it need not have.

What it fixes:
    `name, value = line.split("=", 1)` for a line without a separator, and `word, rest = line.split(None, 1)` for a line
    of one word.

Why it fails:
    `split` gives as many parts as there are; `partition` always gives three. A part that nothing reads need not be
    there at all.

Fix safety:
    Unsafe: a text with the separator is taken apart as before; without it the second part is empty now, or is no longer
    asked for, and whether the code after it allows for that is for a person to say.

References:
    Python Standard Library, `str.partition`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import names_in, own_nodes
from app.fix.edit import Rewrite
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `partition` for `split(separator, 1)`."""
    match site.statement:
        case ast.Assign(
            targets=[ast.Tuple(elts=[first, second])],
            value=ast.Call(
                func=ast.Attribute(value=owner, attr="split"),
                args=[separator, ast.Constant(value=1)],
                keywords=[],
            ) as call,
        ):
            pass
        case _:
            return
    text = site.text
    if not _is_read(site, second):
        yield Proposal(
            (Rewrite(site.statement, f"{text(first)} = {text(call)}[0]"),),
            f"Take only `{text(first)}`, the one part that is used",
            (f"Nothing reads `{text(second)}`.",),
            "A text of two parts gives the same first part as before.",
            Strength.SIGNATURE,
        )
        return
    by_space = isinstance(separator, ast.Constant) and not separator.value
    if by_space or not _allows_empty(site, second):
        return
    code = f"{text(first)}, _, {text(second)} = {text(owner)}.partition({text(separator)})"
    yield Proposal(
        (Rewrite(site.statement, code),),
        f"Take `{text(second)}` as empty where there is no {text(separator)}",
        (
            f"`partition` takes apart as `split` does, and gives an empty `{text(second)}` without the separator.",
        ),
        "A text with the separator is taken apart as before.",
        Strength.TYPE,
        safe=False,
    )


def _is_read(site: Site, second: ast.expr) -> bool:
    """True if the second part is more than a local name that is never read."""
    if site.function is None or not isinstance(second, ast.Name):
        return True
    return any(
        isinstance(one, ast.Name) and one.id in {second.id, "locals"} and not isinstance(one.ctx, ast.Store)
        for one in ast.walk(site.function)
    ) or any(
        second.id in one.names
        for one in ast.walk(site.function)
        if isinstance(one, ast.Global | ast.Nonlocal)
    )


def _allows_empty(site: Site, second: ast.expr) -> bool:
    """True if the name `_` is free, and the second part is not converted to something that an empty text is not."""
    function = site.function if site.function is not None else site.code.tree
    taken = any(isinstance(one, ast.Name) and one.id == "_" for one in ast.walk(function))
    strict = any(
        isinstance(one, ast.Call)
        and isinstance(one.func, ast.Name)
        and one.func.id in {"int", "float", "Decimal", "len"}
        and names_in(second) & names_in(one)
        for one in own_nodes(function)
    )
    return isinstance(second, ast.Name) and not taken and not strict


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.UNSAFE,
    answers=(Raises("ValueError", r"^not enough values to unpack \(expected 2, got 1\)"),),
    kinds=frozenset({FailureKind.RAISED}),
    codemod=codemod,
    examples=(
        Example(
            """\
def setting(line):
    name, value = line.split("=", 1)
    return name.strip(), value.strip()


assert setting("debug") == ("debug", "")
""",
            """\
def setting(line):
    name, _, value = line.partition("=")
    return name.strip(), value.strip()


assert setting("debug") == ("debug", "")
""",
        ),
        Example(
            """\
def command(line):
    word, rest = line.split(None, 1)
    return word.lower()


assert command("HELP") == "help"
""",
            """\
def command(line):
    word = line.split(None, 1)[0]
    return word.lower()


assert command("HELP") == "help"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def port(address):
    host, number = address.split(":", 1)
    return host, int(number)


port("localhost")
""",
            "An empty text is no number either.",
        ),
    ),
)
