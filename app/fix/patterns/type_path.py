"""A path that is an object or bytes is turned into text where it meets texts.

What it fixes:
    `folder.rstrip("/")` for a `pathlib.Path`, and `os.path.join(root, name)` for a name in bytes.

Why it fails:
    The function was written when paths were texts.

Fix safety:
    Safe for a path object. `os.fspath` gives a text back as it is, so only what would have raised changes. Methods that
    lists or paths have as well say nothing about texts and are left alone. For bytes a person reviews: a function that
    was given nothing but bytes would get a text for one of them.

References:
    PEP 519, "Adding a file system path protocol".
"""

from __future__ import annotations

import ast
import re
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
_MIXED = re.compile(r"^Can't mix strings and bytes in path components")


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `os.fspath(...)` around the value; where the code asks it for text more than once, in front of that."""
    yield from _joined(site)
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


def _joined(site: Site) -> Iterator[Proposal]:
    """The one part of a path that is bytes, decoded as the file system's names are."""
    match site.node:
        case ast.Call(func=ast.Attribute(attr="join"), args=parts, keywords=[]) if _MIXED.search(
            site.trace.message
        ):
            pass
        case _:
            return
    in_bytes = [one for one in parts if site.recorded_type(one) == "bytes"]
    if len(in_bytes) != 1 or isinstance(in_bytes[0], ast.Constant) or "os" not in module_names(site.code):
        return
    text = site.text(in_bytes[0])
    yield Proposal(
        (Replace(in_bytes[0], f"os.fsdecode({text})"),),
        f"Take the text of the path `{text}`",
        ("The other parts of the path are texts.",),
        "A text stays as it is.",
        Strength.SIGNATURE,
        safe=False,
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
    answers=(Raises("AttributeError"), Raises("TypeError", _MIXED.pattern)),
    kinds=frozenset({FailureKind.RAISED, FailureKind.WRONG_TYPE}),
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
        Example(
            """\
import os


def place(root, name):
    return os.path.join(root, name) + os.sep


assert place("srv", b"shop") == os.path.join("srv", "shop") + os.sep
""",
            """\
import os


def place(root, name):
    return os.path.join(root, os.fsdecode(name)) + os.sep


assert place("srv", b"shop") == os.path.join("srv", "shop") + os.sep
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
