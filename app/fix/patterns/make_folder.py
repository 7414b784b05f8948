"""A folder that is there already need not be made.

What it fixes:
    `os.makedirs(path)` for a folder that an earlier run, or another process, has made.

Why it fails:
    Making a folder twice raises FileExistsError unless that is allowed.

Fix safety:
    Safe: afterwards the folder exists in either case. A file of that name still raises.

References:
    Python Standard Library, `os.makedirs` and `pathlib.Path.mkdir`, `exist_ok`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.edit import Replace
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Adds `exist_ok=True`."""
    match site.statement:
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=owner, attr="makedirs" | "mkdir" as name)) as call
        ):
            pass
        case _:
            return
    of_os = isinstance(owner, ast.Name) and owner.id == "os"
    if any(one.arg in {"exist_ok", None} for one in call.keywords) or (of_os and name == "mkdir"):
        return
    if not of_os and name == "makedirs":
        return
    given = [site.text(one) for one in call.args] + [
        f"{one.arg}={site.text(one.value)}" for one in call.keywords
    ]
    yield Proposal(
        (Replace(call, f"{site.text(call.func)}({', '.join([*given, 'exist_ok=True'])})"),),
        f"Make the folder of line {site.statement.lineno} only if it is not there",
        ("The statement only makes sure that the folder exists.",),
        "Afterwards the folder exists in either case.",
        Strength.SIGNATURE,
    )


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.SAFE,
    answers=(Raises("FileExistsError"),),
    kinds=frozenset({FailureKind.RAISED}),
    codemod=codemod,
    examples=(
        Example(
            """\
import os
import tempfile


def prepare(folder):
    os.makedirs(folder)
    return sorted(os.listdir(folder))


with tempfile.TemporaryDirectory() as made:
    assert prepare(made) == []
""",
            """\
import os
import tempfile


def prepare(folder):
    os.makedirs(folder, exist_ok=True)
    return sorted(os.listdir(folder))


with tempfile.TemporaryDirectory() as made:
    assert prepare(made) == []
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
import os
import tempfile


def claim(folder):
    os.mkdir(folder)
    return folder


with tempfile.TemporaryDirectory() as made:
    claim(made)
""",
            "`os.mkdir` has no such option, and may be meant as a lock.",
        ),
    ),
)
