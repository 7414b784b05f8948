"""The gates on a revert as pure functions: every form of the claim, of the merge, and of who lets it be merged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.core.replies import revert_message
from app.verify.gates import ENTRY, REVERT, denied, judge
from app.verify.gates.claim import Revert, makes_a_claim, read_revert, takes_back
from app.verify.gates.entry import Account, Entry
from app.verify.gates.gate import Weight
from app.verify.gates.live import Live, Pull, by_a_person, is_bound
from app.verify.gates.proposal import Change
from app.verify.gates.revert import Merged, Reversal
from proposed_fix import POLICY, TRAILERS, message

SHA = "a" * 40
BOT = Account(990, "autofix[bot]", "Bot")
MESSAGE = revert_message("Fix it", "inc-42", SHA, 7)
LINES = ("Autofix-Reverts: inc-42", "Refs: #7")
CLAIM = Revert("inc-42", SHA)
FIX, TEST = TRAILERS["Autofix-Fix"], TRAILERS["Autofix-Test"].partition("::")[0]
ZERO = "0" * 40
DONE = (
    Change("M", "100644", "100644", FIX, "1" * 40, "2" * 40),
    Change("A", "000000", "100644", TEST, ZERO, "3" * 40),
)
UNDONE = (
    Change("M", "100644", "100644", FIX, "2" * 40, "1" * 40),
    Change("D", "100644", "000000", TEST, "3" * 40, ZERO),
)
MERGED = Merged(on_base=True, messages=(message(),), changes=DONE, since=frozenset())
REVERSAL = Reversal(CLAIM, MERGED, UNDONE)


def test_the_message_that_the_product_writes_claims_a_revert() -> None:
    assert read_revert(LINES, MESSAGE) == CLAIM
    assert takes_back(LINES)
    assert makes_a_claim(LINES)
    assert is_bound(CLAIM)


@pytest.mark.parametrize(
    ("lines", "text", "why"),
    [
        ((*LINES, LINES[0]), MESSAGE, "2 trailers Autofix-Reverts"),
        (("Autofix-Reverts:",), MESSAGE, "malformed"),
        (("Autofix-Reverts: inc 42",), MESSAGE, "malformed"),
        (("Autofix-Reverts: ../inc",), MESSAGE, "malformed"),
        *(((*LINES, f"{key}: {value}"), MESSAGE, "a fix and a revert") for key, value in TRAILERS.items()),
        (LINES, "", "0 lines"),
        (LINES, MESSAGE.replace(SHA, SHA[:39]), "0 lines"),
        (LINES, MESSAGE.replace(SHA, SHA.upper()), "0 lines"),
        (LINES, MESSAGE.replace("This", " This"), "0 lines"),
        (LINES, MESSAGE.replace(f"{SHA}.", f"{SHA}, in part."), "0 lines"),
        (LINES, MESSAGE.replace("\n\nThis", "\u2028This"), "0 lines"),
        (LINES, MESSAGE + MESSAGE, "2 lines"),
    ],
)
def test_m7_a_revert_that_is_not_claimed_as_the_product_does_is_denied(
    lines: tuple[str, ...], text: str, why: str
) -> None:
    found = read_revert(lines, text)
    assert isinstance(found, tuple)
    assert why in found[0].sentence


def test_an_exact_revert_passes() -> None:
    assert not denied(judge(REVERT, REVERSAL))
    merge = replace(MERGED, messages=("Merge pull request #7", message()))
    assert not denied(judge(REVERT, replace(REVERSAL, merged=merge)))


@pytest.mark.parametrize(
    ("changed", "gates"),
    [
        ({"merged": None}, {"merged-fix"}),
        ({"merged": replace(MERGED, on_base=False)}, {"merged-fix"}),
        ({"merged": replace(MERGED, messages=())}, {"merged-fix"}),
        ({"merged": replace(MERGED, messages=(message(incident=None),))}, {"merged-fix"}),
        ({"merged": replace(MERGED, messages=(MESSAGE,))}, {"merged-fix"}),
        ({"merged": replace(MERGED, messages=(message() + "\n" + message(),))}, {"merged-fix"}),
        ({"merged": replace(MERGED, changes=())}, {"merged-fix", "exact-revert"}),
        ({"merged": replace(MERGED, since=frozenset({TEST}))}, {"unchanged-since"}),
        ({"claim": Revert("inc-4", SHA)}, {"merged-fix"}),
        ({"changes": ()}, {"exact-revert"}),
        ({"changes": UNDONE[:1]}, {"exact-revert"}),
        ({"changes": DONE}, {"exact-revert"}),
        ({"changes": (*UNDONE, replace(UNDONE[0], path=FIX.upper()))}, {"exact-revert"}),
        *(
            ({"changes": (replace(UNDONE[0], **{name: value}), UNDONE[1])}, {"exact-revert"})
            for name, value in {
                "old_id": "4" * 40,
                "new_id": "4" * 40,
                "old_mode": "100755",
                "new_mode": "120000",
            }.items()
        ),
    ],
)
def test_m7_a_revert_of_anything_else_is_denied(changed: dict[str, Any], gates: set[str]) -> None:
    results = judge(REVERT, replace(REVERSAL, **changed))
    assert {result.gate for result in results if result.denied} == gates


@pytest.mark.parametrize(
    ("who", "passes"),
    [
        (Account(7, "ines", "User"), True),
        (BOT, False),
        (Account(8, "merge[bot]", "Bot"), False),
        (Account(9, "web-flow", "User"), False),
        (None, False),
    ],
)
def test_m7_a_revert_is_merged_by_a_person(who: Account | None, *, passes: bool) -> None:
    pull = Pull(SHA, "main", True, True, BOT, BOT, BOT, BOT, True, "valid", who)  # noqa: FBT003
    live = Live(SHA, "main", 0, bound=True, pull=pull)
    assert (not list(by_a_person(live))) is passes
    assert not list(by_a_person(replace(live, pull=replace(pull, armed=False))))
    assert [one.weight for one in by_a_person(replace(live, pull="no token"))] == [Weight.DENIES]


@pytest.mark.parametrize(
    ("policy", "passes"),
    [
        (POLICY, True),
        (POLICY + "enabled: false\n", True),
        (POLICY + "enabled: maybe\n", False),
        ("version: 1\nenabled: false\n", False),
        (None, False),
    ],
)
def test_c4_a_revert_needs_a_valid_policy_that_may_be_off(policy: str | None, *, passes: bool) -> None:
    entry = Entry(BOT, BOT.login, 0, "main", "main", ("b",), ("b",), 1, LINES, policy, MESSAGE)
    assert denied(judge(ENTRY, entry)) is not passes
    fix = replace(entry, trailers=tuple(message().rpartition("\n\n")[2].split("\n")))
    assert denied(judge(ENTRY, fix)) is (policy != POLICY)
