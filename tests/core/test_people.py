"""Whom an incident may call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core.calling import Escalation
from app.core.code_owners import Kind, Owner
from app.core.commands import Role
from app.core.model import SuspectCommit
from app.core.people import MOST_ASKED, Candidate, Why, candidates, may_be_called, room
from samples import CAUSE

ADA, TEAM, FOREIGN = Owner(Kind.USER, "ada"), Owner(Kind.TEAM, "acme/payments"), Owner(Kind.TEAM, "evil/all")
MAIL = Owner(Kind.EMAIL, "ada@example.com")
RULES = Escalation(on_call=("olga", "Acme/night"), mention=True)
assert CAUSE.suspect is not None
SUSPECT = replace(CAUSE.suspect, login="bob")


def _called(
    rules: Escalation,
    *owners: Owner,
    suspect: SuspectCommit | None = SUSPECT,
    present: tuple[str, ...] = (),
) -> list[tuple[str, Why]]:
    return [(one.name, one.why) for one in candidates(rules, "acme", suspect, owners, present)]


def test_on_call_comes_first_then_the_author_then_the_owners() -> None:
    assert _called(RULES, ADA, TEAM) == [
        ("olga", Why.ON_CALL),
        ("Acme/night", Why.ON_CALL),
        ("bob", Why.AUTHOR),
        ("ada", Why.OWNER),
        ("acme/payments", Why.OWNER),
    ]


@pytest.mark.parametrize(
    ("rules", "names"),
    [
        (RULES.model_copy(update={"suspect_author": False}), ["olga", "Acme/night", "ada", "acme/payments"]),
        (RULES.model_copy(update={"code_owners": False}), ["olga", "Acme/night", "bob"]),
        (RULES.model_copy(update={"mention": False}), ["olga", "bob", "ada"]),
        (Escalation(), ["bob", "ada"]),
    ],
)
def test_the_policy_chooses(rules: Escalation, names: list[str]) -> None:
    assert [name for name, _ in _called(rules, ADA, TEAM)] == names


def test_each_is_called_once_whatever_the_letters() -> None:
    rules = Escalation(on_call=("Bob", "bob"))
    assert _called(rules, Owner(Kind.USER, "BOB"), ADA, Owner(Kind.USER, "Ada")) == [
        ("Bob", Why.ON_CALL),
        ("ada", Why.OWNER),
    ]
    assert _called(rules, ADA, present=("BOB",)) == [("ada", Why.OWNER)]


def test_foreign_teams_and_addresses_are_nobody() -> None:
    assert _called(RULES.model_copy(update={"on_call": ()}), FOREIGN, MAIL, suspect=None) == []


def test_an_author_without_an_account_is_not_guessed_from_the_commit() -> None:
    assert _called(Escalation(), suspect=replace(SUSPECT, author="ada", login=None)) == []
    assert _called(Escalation(), suspect=None) == []


def test_a_line_with_hundreds_of_owners_does_not_ask_for_all() -> None:
    many = tuple(Owner(Kind.USER, f"user-{number}") for number in range(500))
    assert len(_called(RULES, *many)) == MOST_ASKED
    assert not Candidate("ada", Why.OWNER).is_team


@pytest.mark.parametrize(
    ("rules", "present", "left"),
    [
        (Escalation(), (), 3),
        (Escalation(at_most=0), (), 0),
        (Escalation(at_most=2), ("ada",), 1),
        (Escalation(at_most=1), ("ada", "bob"), 0),
        (Escalation(assign=False), (), 0),
        (Escalation(assign=False, mention=True), (), 3),
    ],
)
def test_who_is_assigned_already_counts(rules: Escalation, present: tuple[str, ...], left: int) -> None:
    assert room(rules, present) == left


@pytest.mark.parametrize(
    ("kind", "role", "may"),
    [
        ("User", Role.WRITE, True),
        ("User", Role.ADMIN, True),
        ("User", Role.TRIAGE, False),
        ("User", Role.READ, False),
        ("User", Role.NONE, False),
        ("Bot", Role.ADMIN, False),
        ("Organization", Role.ADMIN, False),
    ],
)
def test_only_people_who_may_change_the_repository_are_called(kind: str, role: Role, may: bool) -> None:  # noqa: FBT001
    assert may_be_called(kind, role) is may
