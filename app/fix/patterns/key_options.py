"""Options that are only tested for truth are read with `.get()`, all of them alike.

What it fixes:
    `if options["store"] or options["count"]:` where `**options` holds only what the caller gave.

Why it fails:
    One caller gives every option, another one only those that it needs.

Fix safety:
    Safe: a missing option is as false as None, and each test would have raised without it. Where a test decides whether
    something is refused, a person reviews. A mapping that is also read for values is a record, and is left alone.

References:
    Python Standard Library, `dict.get`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.core.syntax import own_nodes
from app.fix.edit import Replace
from app.fix.keys import gets, is_misspelt, is_only_tested
from app.fix.pattern import KEY_MISSING, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.patterns.none_test_guard import refuses
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `.get()` for every lookup of the mapping whose truth alone is asked."""
    if site.function is None or not isinstance(site.node, ast.Subscript) or is_misspelt(site):
        return
    keywords = site.function.args.kwarg
    named = isinstance(site.subject, ast.Name) and keywords is not None and site.subject.id == keywords.arg
    if not named and not gets(site):
        return
    wanted = ast.dump(site.subject)
    found = [
        one
        for one in own_nodes(site.function)
        if isinstance(one, ast.Subscript)
        and ast.dump(one.value) == wanted
        and isinstance(one.slice, ast.Constant)
        and isinstance(one.ctx, ast.Load)
    ]
    tested = [one for one in found if is_only_tested(site, one)]
    if site.node not in tested or len(tested) < 2 or (not named and len(tested) != len(found)):  # noqa: PLR2004
        return
    yield Proposal(
        tuple(Replace(one, f"{site.text(one.value)}.get({site.text(one.slice)})") for one in tested),
        f"Read the {len(tested)} options of `{site.line}` that are only tested with `.get()`",
        ("Their truth is all that is asked, and what was not given is not wanted.",),
        "A test gives another result only where it would have raised.",
        Strength.SIGNATURE,
        safe=not any(refuses(holder) for one in tested for holder in site.code.ancestors(one)),
    )


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=KEY_MISSING,
    codemod=codemod,
    examples=(
        Example(
            """\
def export(rows, **options):
    if options["csv"] or options["tsv"]:
        return [list(row) for row in rows]
    return rows


assert export([("A", 2)], tsv=True) == [["A", 2]]
""",
            """\
def export(rows, **options):
    if options.get("csv") or options.get("tsv"):
        return [list(row) for row in rows]
    return rows


assert export([("A", 2)], tsv=True) == [["A", 2]]
""",
        ),
        Example(
            """\
def badges(flags):
    found = []
    if flags["new"]:
        found.append("new")
    if flags["sale"] and not flags["soon"]:
        found.append("sale")
    return found


assert badges({"sale": True}) == ["sale"]
""",
            """\
def badges(flags):
    found = []
    if flags.get("new"):
        found.append("new")
    if flags.get("sale") and not flags.get("soon"):
        found.append("sale")
    return found


assert badges({"sale": True}) == ["sale"]
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def label(line):
    if line["gift"]:
        return "gift"
    if line["bulky"]:
        return "bulky"
    return line["name"]


label({"name": "lamp"})
""",
            "One of the entries is read for its value: the mapping is a record with entries that must be there.",
        ),
        Unchanged(
            """\
def badges(flags):
    found = []
    if flags["limitd"]:
        found.append("limited")
    if flags["sale"]:
        found.append("sale")
    return found


badges({"limited": True, "sale": False})
""",
            "The key is misspelt: `.get()` would hide it.",
        ),
    ),
)
