"""Taking a fix back: as a case of its own it goes a fix's way, and nothing that may be made up merges it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from app.brake import brake
from app.clients import Clients
from app.clients.github.answers import Tree
from app.core import messages, replies
from app.core.category import REVERT
from app.core.model import (
    Action,
    Armed,
    CaseFile,
    Decision,
    FileChange,
    Finding,
    Merged,
    Outcome,
    Pull,
    Raised,
    Reason,
    Result,
    Stage,
    Stop,
    TakenBack,
    Window,
    given,
)
from app.core.progress import progress
from app.investigate import doubted
from app.merge.facts import Ours
from app.revert import may_merge, turned_round
from samples import CAUSE, FINDING, FRAME, MERGE, PATCH, PULL, RELEASE, VERDICT, case

POLICY = "version: 1\nsentry: {organization: acme, projects: [shop]}\n"
AUTOMERGE = POLICY + "categories: {revert: automerge}\n"
NOW = 1_800_000_960.0
BACK = Pull(
    12,
    "PR_12",
    "https://github.com/acme/shop/pull/12",
    "autofix/revert-inc-1",
    "1" * 40,
    MERGE,
    "2" * 40,
    PULL.author_id,
    replies.revert_message("Fix it", "inc-1", MERGE, 9),
)
SOURCE = "\n" * (FRAME.line - 1) + f"{FRAME.code}\n"


@dataclass
class Outside:
    """The default branch's policy, the newest event, and the file at the release."""

    policy: str | None = AUTOMERGE
    newest: Finding | None = field(default_factory=lambda: replace(FINDING, release=RELEASE.version))
    source: str = SOURCE

    def repository(self, _name: str, _installation: int) -> Outside:
        return self

    async def text(self, _path: str) -> str | None:
        return self.policy

    async def read(self, _organization: str, _issue: str) -> Finding | None:
        return self.newest

    async def tree(self, sha: str) -> Tree:
        assert sha == RELEASE.sha
        entry = {"path": "shop/receipts.py", "mode": "100644", "type": "blob", "sha": "9" * 40}
        return Tree.model_validate({"sha": sha, "truncated": False, "tree": [entry]})

    async def files(self, _tree: Tree, paths: list[str]) -> dict[str, str]:
        return dict.fromkeys(paths, self.source)

    @property
    def clients(self) -> Clients:
        return Clients(cast("Any", self), cast("Any", self))


async def may(outside: Outside, doubt: str = "") -> Decision | Stop:
    return await may_merge(outside.clients, case(), doubt, NOW)


# How far a revert may go -----------------------------------------------------------------------------------------


async def test_the_policy_says_whether_a_revert_is_merged_without_a_person() -> None:
    decision = await may(Outside())
    assert isinstance(decision, Decision)
    assert (decision.action, decision.category) == (Action.AUTOMERGE, "revert")
    assert not decision.would_merge


@pytest.mark.parametrize(
    ("policy", "doubt", "because"),
    [
        (POLICY, "", "sets revert to propose"),
        (POLICY + "categories: {revert: report}\n", "", "sets revert to report"),
        (AUTOMERGE + "shadow: true\n", "", "shadow mode is on"),
        (AUTOMERGE + "freeze: [{first: 2027-01-01, last: 2027-12-31}]\n", "", "freeze"),
        (AUTOMERGE, "there is no traffic to hold the errors against", "no traffic"),
    ],
)
async def test_a_person_merges_otherwise(policy: str, doubt: str, because: str) -> None:
    decision = await may(Outside(policy), doubt)
    assert isinstance(decision, Decision)
    assert not decision.action.allows(Action.AUTOMERGE)
    assert because in "; ".join(decision.because)


@pytest.mark.parametrize("policy", [None, "version: 2\n", AUTOMERGE + "enabled: false\n"])
async def test_without_a_policy_that_holds_nothing_is_merged(policy: str | None) -> None:
    assert isinstance(await may(Outside(policy)), Stop)


# What may be made up ---------------------------------------------------------------------------------------------


async def test_v5_an_event_of_the_release_in_its_own_lines_under_traffic_is_believed() -> None:
    assert await doubted(Outside().clients, case()) == ""


STRANGE = Raised("AttributeError", "made up", (replace(FRAME, code="    return 1"),))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"newest": None}, "is not one of shop@"),
        ({"newest": FINDING}, "is not one of shop@"),
        ({"newest": replace(FINDING, release=RELEASE.version, chain=(STRANGE,))}, "not the line"),
        ({"source": "nothing of it\n"}, "not the line"),
        ({"policy": AUTOMERGE + "intake: {users: 6}\n"}, "happened to 5 users, and the policy asks for 6"),
        ({"policy": None}, "there is no `.github/autofix.yml`"),
    ],
)
async def test_v5_events_that_anybody_could_have_sent_merge_no_revert(
    changed: dict[str, Any], why: str
) -> None:
    assert why in await doubted(Outside(**changed).clients, case())


async def test_v5_what_only_the_canary_has_shown_merges_no_revert() -> None:
    assert await doubted(Outside().clients, case(release=None)) == "the fix never reached production"


@pytest.mark.parametrize(
    "changed",
    [
        {"verdict": None},
        {"verdict": replace(VERDICT, after=Window(9, 300.0, "seconds", 300.0))},
    ],
)
async def test_v5_errors_without_traffic_merge_no_revert(changed: dict[str, Any]) -> None:
    assert (
        await doubted(Outside().clients, case(**changed)) == "there is no traffic to hold the errors against"
    )


# The revert as a case --------------------------------------------------------------------------------------------


def test_a_revert_goes_a_fixs_way_with_the_fix_turned_round() -> None:
    file = case()
    back = turned_round(file, BACK)
    ours = Ours.of(replace_decision(back))
    assert ours.after == (PATCH.fix.path, PATCH.fix.before)
    assert ours.failing == (PATCH.fix.path, "return ''")
    assert ours.pull is BACK
    assert not ours.armed
    assert file.patch == PATCH
    assert (given(back.patch).category, back.merged, back.evidence) == (REVERT.id, None, None)
    assert messages.merge_message(back) == (
        'Revert "Fix it" (#12)',
        f"This reverts commit {MERGE}.\n\nAutofix-Reverts: inc-1\nRefs: #9",
    )


def replace_decision(back: CaseFile) -> CaseFile:
    back.decision = case().decision
    return back


def test_what_only_takes_lines_away_is_turned_round_too() -> None:
    fix = FileChange(PATCH.fix.path, "one\ntwo\n", "one\n")
    back = turned_round(case(patch=replace(PATCH, fix=fix)), BACK)
    assert given(back.patch).fix == FileChange(fix.path, "one\n", "one\ntwo\n")
    assert given(back.cause).place == f"{PATCH.fix.path}:{CAUSE.line}"


@pytest.mark.parametrize(("action", "stops"), [("automerge", False), ("propose", True)])
async def test_m21_the_policy_may_call_a_revert_back_while_it_waits(action: str, *, stops: bool) -> None:
    class Running:
        class ledger:  # noqa: N801 - the store's own name
            @staticmethod
            def paused_by(_repository: int) -> None:
                return None

    back = replace_decision(turned_round(case(), BACK))
    back.armed = Armed(BACK.head_sha, ("autofix",))
    outside = Outside(POLICY + f"categories: {{revert: {action}}}\n")
    stop = await brake(outside.clients, cast("Any", Running), back, Stage.VERIFY)
    assert (stop is not None) is stops
    if stop is not None:
        assert stop.reason is Reason.NEEDS_REVIEW
        assert "sets revert to propose" in stop.detail


# What people read ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("back", "says"),
    [
        (TakenBack(BACK), "#12 takes the fix back"),
        (
            TakenBack(BACK, held=Stop(Stage.MERGE, Reason.NEEDS_REVIEW, "a person merges")),
            "#12 takes the fix back; not merged by Autofix: A person merges.",
        ),
        (
            TakenBack(BACK, merged=Merged("3" * 40, NOW)),
            f"#12 merged as {'3' * 40}, which takes the fix back",
        ),
        (TakenBack(held=Stop(Stage.MERGE, Reason.HANDED_OVER, "it was changed")), "t was changed"),
    ],
)
def test_people_are_told_what_became_of_it(back: TakenBack, says: str) -> None:
    file = case(taken_back=back)
    stop = Stop(Stage.OBSERVE, Reason.REGRESSED, "more than before")
    assert says in progress(file, over=True)
    text = messages.escalation(file, stop, Outcome(Result.ESCALATED, "ended", stop))
    assert says in text


def test_the_pull_request_says_who_or_what_wants_it() -> None:
    stop = Stop(Stage.OBSERVE, Reason.NOT_FIXED, "7 events")
    body = replies.revert_body(case(), replies.proven_useless(case(), stop))
    assert "Production says of #9: not fixed. 7 events." in body
    assert "`shop/receipts.py`" in body
    assert "unless `.github/autofix.yml` sets `revert` to `automerge`" in body
    assert f"#{case().incident.issue} says which it is" in body


def test_nobody_waits_for_a_revert_that_a_person_asked_for_to_merge_by_itself() -> None:
    body = replies.revert_body(case(), replies.asked_back(case(), "ada"))
    assert "`ada` asked to take #9 back" in body
    assert "A person merges this." in body
    assert "automerge" not in body
