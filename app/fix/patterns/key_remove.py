"""Removing what is not there does nothing.

What it fixes:
    `del cache[key]`, `cache.pop(key)` or `tags.remove(tag)` for something that was removed already.

Why it fails:
    The removal is repeated, or two parts of the program remove the same entry.

Fix safety:
    Safe. The value of the removal is not used, and afterwards the entry is gone in either case.

References:
    Python Standard Library, `dict.pop` and `set.discard`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.fix.edit import Replace, Rewrite, Wrap
from app.fix.forms import is_plain
from app.fix.keys import gets, is_misspelt
from app.fix.pattern import KEY_MISSING, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes the removal that allows for nothing."""
    edit = None if is_misspelt(site) else _edit(site)
    if edit is not None and not _is_container(site):
        yield Proposal(
            (edit,),
            f"Remove the entry of `{site.line}` only if it is there",
            ("The statement only makes sure that the entry is gone.",),
            "An entry that exists is removed as before; without one the removal would have raised.",
            Strength.SYNTAX,
        )


def _is_container(site: Site) -> bool:
    """True inside of a container's own method: an entry that it has lost track of is a slip of its bookkeeping."""
    name = site.function.name if site.function is not None else ""
    own = isinstance(site.subject, ast.Name) and site.subject.id == "self"
    return own and name.startswith("__") and name.endswith("item__")


def _edit(site: Site) -> Replace | Rewrite | Wrap | None:
    subject = site.text(site.subject)
    match site.statement, site.node:
        case ast.Delete(targets=[target]), ast.Subscript(slice=key) if target is site.node and gets(site):
            return Rewrite(site.statement, f"{subject}.pop({site.text(key)}, None)")
        case ast.Delete(targets=[target]), ast.Subscript(slice=key) if (
            target is site.node and is_plain(key) and site.is_plain
        ):
            return Wrap(site.statement, f"{site.text(key)} in {subject}")
        case ast.Expr(value=value), ast.Call(func=ast.Attribute(attr="pop"), args=[key]) if (
            value is site.node
        ):
            return Replace(site.node, f"{subject}.pop({site.text(key)}, None)")
        case ast.Expr(value=value), ast.Call(func=ast.Attribute(attr="remove"), args=[key]) if (
            value is site.node
        ):
            return Replace(site.node, f"{subject}.discard({site.text(key)})")
        case _:
            return None


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=KEY_MISSING,
    codemod=codemod,
    examples=(
        Example(
            """\
def forget(session, name):
    del session[name]
    return session


assert forget({"cart": 1}, "coupon") == {"cart": 1}
""",
            """\
def forget(session, name):
    session.pop(name, None)
    return session


assert forget({"cart": 1}, "coupon") == {"cart": 1}
""",
        ),
        Example(
            """\
def untag(tags, name):
    tags.remove(name)
    return tags


assert untag({"new"}, "sale") == {"new"}
""",
            """\
def untag(tags, name):
    tags.discard(name)
    return tags


assert untag({"new"}, "sale") == {"new"}
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def claim(jobs, number):
    job = jobs.pop(number)
    return job


claim({1: "mail"}, 2)
""",
            "The removed entry is used.",
        ),
    ),
)
