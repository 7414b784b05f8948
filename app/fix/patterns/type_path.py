"""A path object that meets text methods is turned into text first.

What it fixes:
    `folder.rstrip("/")` for a `pathlib.Path`.

Why it fails:
    The function was written when paths were texts.

Fix safety:
    Safe. `os.fspath` gives a text back as it is, so only what would have raised changes. Methods that lists or paths
    have as well say nothing about texts and are left alone.

References:
    PEP 519, "Adding a file system path protocol".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePath
from typing import TypeGuard

from app.core.model import Applicability, FailureKind
from app.core.syntax import names_in
from app.fix.conventions import module_names
from app.fix.edit import Before, Edit, Import, Replace
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.scope import locals_before, surely_bound
from app.fix.site import Site

_PATHS = frozenset({"PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"})


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `os.fspath(...)` around the value; where the code asks it for text more than once, in front of that."""
    if site.failure.key not in _PATHS or not _is_text_use(site.node, site) or not site.is_plain_enough:
        return
    uses, text = _text_uses(site), f"os.fspath({site.text(site.subject)})"
    edits: tuple[Edit, ...] = tuple(Replace(one.value, text) for one in uses)
    if len(uses) > 1 and site.takes_guard and site.line in locals_before(site):
        edits = (Before(site.statement, f"{site.line} = {text}"),)
    if "os" not in module_names(site.code):
        edits = (*edits, Import("import os"))
    yield Proposal(
        edits,
        f"Take the text of the path `{site.line}`",
        (f"`.{site.node.attr}()` is a method of texts, and a path has one text.",),
        "A text stays as it is.",
        Strength.SIGNATURE,
    )


def _is_text_use(node: ast.AST, site: Site) -> TypeGuard[ast.Attribute]:
    """True for a method that, of texts, lists and paths, only texts have."""
    if not isinstance(node, ast.Attribute) or ast.dump(node.value) != ast.dump(site.subject):
        return False
    others = (*dir(list), *dir(PurePath))
    return node.attr in dir(str) and node.attr not in others


def _text_uses(site: Site) -> list[ast.Attribute]:
    """The failing use, and those that would fail after it, up to where the name surely has another value."""
    found: list[ast.Attribute] = []
    for statement in [site.statement, *site.following]:
        found.extend(one for one in ast.walk(statement) if _is_text_use(one, site))
        if names_in(site.subject) & surely_bound(statement):
            break
    return found


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.SAFE,
    answers=(Raises("AttributeError"),),
    kinds=frozenset({FailureKind.WRONG_TYPE}),
    codemod=codemod,
    examples=(
        Example(
            """\
from pathlib import Path


def is_hidden(file):
    return file.startswith(".")


assert is_hidden(Path(".env"))
""",
            """\
from pathlib import Path
import os


def is_hidden(file):
    return os.fspath(file).startswith(".")


assert is_hidden(Path(".env"))
""",
        ),
        Example(
            """\
import os
from pathlib import Path


def parts(folder):
    if folder.endswith(os.sep):
        folder = folder.rstrip(os.sep)
    return folder.split(os.sep)


assert parts(Path("srv/shop")) == ["srv", "shop"]
""",
            """\
import os
from pathlib import Path


def parts(folder):
    folder = os.fspath(folder)
    if folder.endswith(os.sep):
        folder = folder.rstrip(os.sep)
    return folder.split(os.sep)


assert parts(Path("srv/shop")) == ["srv", "shop"]
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
from pathlib import Path


def depth(folder):
    return folder.count("/")


depth(Path("srv/shop"))
""",
            "Lists have `count` as well: the code need not mean a text.",
        ),
        Unchanged(
            """\
class Folder:
    def __init__(self, name):
        self.name = name


def trimmed(folder):
    return folder.rstrip("/")


trimmed(Folder("srv/"))
""",
            "An object of another class has no text of its own.",
        ),
    ),
)
