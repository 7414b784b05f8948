"""What a candidate's run says: a refusal that the code makes on purpose is no failure of the fix."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.core.model import FileChange
from app.fix.pattern import Strength
from app.repair import Repair, repair
from app.repair.reproduce import Reproduction
from app.repair.trial import rival_of

from .crash_recorder import record

# An amount is read twice, and only the first time is it known that it may be none.
TILL = """
    class TillError(Exception):
        pass

    def close(first, last):
        try:
            opened = float(first)
        except ValueError as error:
            raise TillError(f"no amount: {first}") from error
        return float(last) - opened
"""
# The text of the error is put together wrongly, on the way to a refusal.
REFUSAL = """
    def raise_from(error, cause):
        raise error from cause

    class TillError(Exception):
        pass

    def sold(text, stock):
        try:
            return stock[int(text)]
        except (KeyError, ValueError) as error:
            raise_from(TillError("not sold: " + error.args[0]), error)
"""


def repaired(folder: Path, source: str, call: str) -> Repair:
    crash = record(
        folder, {"shop/__init__.py": "", "shop/till.py": source}, f"import shop.till\nshop.till.{call}"
    )
    with crash.sandbox() as sandbox:
        return repair(crash.finding, crash.tree, sandbox)


def test_a_failure_that_the_fix_turns_into_the_own_error_is_repaired(tmp_path: Path) -> None:
    found = repaired(tmp_path, TILL, "close('1.5', 'two')")
    assert found.patch is not None, found.stop
    assert found.patch.pattern == "except_like_elsewhere"
    (trial,) = found.trials
    assert trial.attempt is not None
    assert (trial.attempt.exception, trial.attempt.same, trial.attempt.direct) == ("TillError", True, False)


def test_a_refusal_that_the_failure_kept_from_being_made_is_repaired(tmp_path: Path) -> None:
    found = repaired(tmp_path, REFUSAL, "sold('7', {})")
    assert found.patch is not None, found.stop
    assert found.proof is not None
    assert found.proof.attempt is not None
    assert (found.proof.attempt.exception, found.proof.attempt.same) == ("TillError", False)


POINTS = """
    from dataclasses import dataclass

    @dataclass
    class Customer:
        level: int

    @dataclass
    class Order:
        total: int
        customer: Customer | None

    def points(order):
        if order.total is None:
            return 0
        return order.customer.level
"""


def test_a_fix_for_which_as_much_speaks_is_a_rival_if_it_gives_something_else(tmp_path: Path) -> None:
    files = {"shop/__init__.py": "", "shop/till.py": POINTS}
    crash = record(tmp_path, files, "from shop.till import Order, points\npoints(Order(5, None))")
    with crash.sandbox() as sandbox:
        found = repair(crash.finding, crash.tree, sandbox)
        chosen, cause = found.proof, found.cause
        assert chosen is not None
        assert cause is not None
        assert found.auto_mergeable
        best = chosen.candidate
        text = best.change.after
        assert "customer is None:\n        return 0\n" in text
        other = replace(
            best,
            change=FileChange(best.change.path, best.change.before, text.replace("return 0", "return 1")),
        )
        same = replace(best, change=FileChange(best.change.path, best.change.before, text + "\n# the same\n"))
        weaker = replace(other, strength=Strength.LAST)
        further = replace(same, depth=1)
        assert isinstance(found.reproduction, Reproduction)
        assert rival_of(chosen, [best, same, other], found.reproduction, cause) is other
        assert rival_of(chosen, [best, same, weaker], found.reproduction, cause) is None
        assert rival_of(chosen, [best, further], found.reproduction, cause) is further
    assert not replace(found, rival=other).auto_mergeable
