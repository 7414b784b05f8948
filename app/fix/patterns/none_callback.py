"""A callback that was not given is not called.

What it fixes:
    A hook, listener or progress callback is None, and is called as if one were always registered.

Why it fails:
    "No callback" is spelled None, and None can not be called.

Fix safety:
    Safe. The statement is only the call, its value is not used, and calling None would have raised.

References:
    Python Language Reference, "Calls".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.fix.edit import Wrap
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the call under a condition."""
    call = site.statement.value if isinstance(site.statement, ast.Expr) else None
    call = call.value if isinstance(call, ast.Await) else call
    if call is site.node and isinstance(call, ast.Call) and site.takes_guard and site.test is not None:
        yield Proposal(
            (Wrap(site.statement, site.test),),
            f"Call `{site.line}` only when there is one",
            ("The call stands alone: nothing uses its value.",),
            "The condition leaves out only calls that would have raised.",
            Strength.SIGNATURE,
        )


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.SAFE,
    answers=(Raises("TypeError", r"'NoneType' object is not callable"),),
    codemod=codemod,
    examples=(
        Example(
            """\
def export(rows, on_done=None):
    text = ",".join(rows)
    on_done(text)
    return text


assert export(["a", "b"]) == "a,b"
""",
            """\
def export(rows, on_done=None):
    text = ",".join(rows)
    if on_done is not None:
        on_done(text)
    return text


assert export(["a", "b"]) == "a,b"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def price(line, round_price=None):
    return round_price(line["price"])


price({"price": 5})
""",
            "The value of the call is used.",
        ),
    ),
)
