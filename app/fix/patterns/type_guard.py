"""A value of another class than the code reads is passed over, as the code around it passes over others.

What it fixes:
    `node.target.name` where the target is of a class without a name.

Why it fails:
    The value has several classes, and the code was written for the most frequent one.

Fix safety:
    Safe. The test in front is false exactly where the attribute is missing, so only what would have raised is left out.

References:
    Python Standard Library, `hasattr` and `isinstance`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.guards import answer_no, leave_function, leave_round
from app.fix.pattern import FixPattern, Proposal, Raises
from app.fix.site import Site


# Data in another form than expected still says something: to pass over it loses that.
_DATA = frozenset(
    {"str", "bytes", "int", "float", "bool", "list", "dict", "tuple", "PosixPath", "WindowsPath"}
)


def is_receiver(site: Site) -> bool:
    """True for an object that lacks one of its own attributes: its class is at fault, not the value."""
    return isinstance(site.subject, ast.Name) and site.subject.id in {"self", "cls"}


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts a test of the class or the attribute in front."""
    if site.test is None or site.failure.key in _DATA or is_receiver(site):
        return
    yield from answer_no(site)
    yield from leave_round(site)
    yield from leave_function(site)


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.SAFE,
    answers=(Raises("AttributeError"), Raises("TypeError")),
    kinds=frozenset({FailureKind.WRONG_TYPE}),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
