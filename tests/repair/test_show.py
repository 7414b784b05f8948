"""The page for a person: the same in a terminal and in a pipe, whatever is on it."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from app.core.model import Applicability, Frame, Raised, Reason, Stage, Stop
from app.core.source import LoadedTree
from app.repair import Repair
from app.repair.show import show
from samples import CAUSE, DRAFT, FINDING, FRAME, PATCH, SECRET

TREE = LoadedTree(
    frozenset({CAUSE.path}),
    {CAUSE.path: "\n" * 10 + "def f(customer):\n    return customer.address.city\n"},
)


def page(repaired: Repair, *, terminal: bool = False) -> str:
    out = io.StringIO()
    show(repaired, TREE, Console(file=out, force_terminal=terminal, width=60, highlight=False, markup=False))
    return out.getvalue()


def test_a_fix() -> None:
    said = page(Repair(FINDING, CAUSE, (), PATCH, None))
    assert said.startswith("AttributeError: 'NoneType' object has no attribute 'city'\n")
    assert (
        "  >    12 |     return customer.address.city\n                       ^^^^^^^^^^^^^^^^^^^^^\n" in said
    )
    assert "  -return customer.address.city\n  +return ''\n" in said
    assert "Regression test: tests/test_autofix_receipts.py::test_it" in said
    assert "Why it is safe\n" in said
    assert "nothing was run" in said
    assert "fit to be merged" not in said


def test_a_proposal_says_so() -> None:
    patch = replace(DRAFT, applicability=Applicability.UNSAFE, test=None, why_safe="")
    said = page(Repair(FINDING, CAUSE, (), patch, None, "`f` in m.py takes a socket."))
    assert "\nOnly proposed\n" in said
    assert "Regression test" not in said
    assert "could not be repeated" in said
    assert "takes a socket" in said


def test_an_escalation_holds_the_stack_and_the_values() -> None:
    stop = Stop(Stage.INVESTIGATE, Reason.NOVEL, "Nothing is known about it.")
    said = page(Repair(FINDING, None, (), None, stop))
    assert "shop/receipts.py:12, address_line\n      return customer.address.city\n" in said
    assert "  customer = <Customer 7>\n" in said
    assert "For a person: novel (investigate)\n  Nothing is known about it.\n" in said


def test_secrets_are_not_shown() -> None:
    frame = replace(FRAME, variables={"password": f"'{SECRET}'", "card": "'4111 1111 1111 1111'"})
    raised = Raised("ValueError", f"token=ghp_{'a' * 36} of joe@example.com", (frame,))
    stop = Stop(Stage.INVESTIGATE, Reason.NOVEL, "Unknown.")
    said = page(Repair(replace(FINDING, chain=(raised,)), None, (), None, stop))
    for secret in (SECRET, "4111 1111", "ghp_", "joe@example.com"):
        assert secret not in said


def test_everything_is_bounded() -> None:
    frames = tuple(
        Frame(f"m{number}.py", "f" * 5_000, number, "x" * 5_000, {}, in_app=True)
        for number in range(1, 5_000)
    )
    last = replace(frames[-1], variables={f"v{number}": "y" * 10_000 for number in range(1_000)})
    raised = Raised("ValueError", "z" * 10_000, (*frames, last))
    stop = Stop(Stage.INVESTIGATE, Reason.NOVEL, "Unknown.")
    said = page(Repair(replace(FINDING, chain=(raised,)), None, (), None, stop))
    assert "- and 4985 more" in said
    assert len(said) < 30_000


def test_a_terminal_sees_colours_and_nothing_that_others_wrote() -> None:
    raised = Raised("ValueError", "[red]\x1b[2J", (replace(FRAME, function="\x1b]0;x\x07"),))
    said = page(Repair(replace(FINDING, chain=(raised,)), CAUSE, (), PATCH, None), terminal=True)
    assert "\x1b[32m" in said
    assert "[red]\\u001b[2J" in said
    assert "\x1b[2J" not in said
    assert "\x07" not in said
