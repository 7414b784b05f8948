"""A path object that meets text methods is turned into text first.

What it fixes:
    `folder.rstrip("/")` for a `pathlib.Path`.

Why it fails:
    The function was written when paths were texts.

Fix safety:
    Safe. `os.fspath` gives a text back as it is, so only what would have raised changes.

References:
    PEP 519, "Adding a file system path protocol".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.conventions import module_names
from app.fix.edit import Edit, Import, Replace
from app.fix.pattern import FixPattern, Proposal, Raises, Strength
from app.fix.site import Site

_PATHS = frozenset({"PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"})


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `os.fspath(...)` around the value."""
    if (
        site.failure.key not in _PATHS
        or not isinstance(site.node, ast.Attribute)
        or not hasattr(str, site.node.attr)
    ):
        return
    edits: tuple[Edit, ...] = (Replace(site.subject, f"os.fspath({site.text(site.subject)})"),)
    if "os" not in module_names(site.code):
        edits = (*edits, Import("import os"))
    yield Proposal(
        edits,
        f"Take the text of the path `{site.line}`",
        (f"`.{site.node.attr}()` is a method of texts, and a path has one text.",),
        "A text stays as it is.",
        Strength.SIGNATURE,
    )


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.SAFE,
    answers=(Raises("AttributeError"),),
    kinds=frozenset({FailureKind.WRONG_TYPE}),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
