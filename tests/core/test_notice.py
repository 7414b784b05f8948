"""What is told outside of GitHub: how much it matters, to whom, in which words, and how much of it at once."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from app.core.calling import Channel, Notify, Quiet, Severity
from app.core.model import CaseFile, Incident, Outcome, Raised, Reason, Result, Stage, Stop
from app.core.notice import (
    LINES,
    RESERVED,
    SINGLY,
    Change,
    Due,
    Waiting,
    messages_to_send,
    notice_of,
    recipients,
    severity_of,
)
from app.core.plain import plain
from samples import CAUSE, FINDING, INCIDENT, SECRET, case

WEB = "https://github.com"
INFO, WARNING, URGENT = Severity.INFO, Severity.WARNING, Severity.URGENT
FIXED = Outcome(
    Result.FIXED,
    "anomaly detected at 14:32, root cause: None check missing in user_service.py line 234, "
    "fix deployed at 14:47, error rate back to baseline at 14:51",
)


def _ended(reason: Reason, detail: str = "why", result: Result = Result.ESCALATED) -> Outcome:
    return Outcome(result, "anomaly detected at 08:00, stopped", Stop(Stage.OBSERVE, reason, detail), 9)


@pytest.mark.parametrize(
    ("change", "reason", "merged", "severity"),
    [
        (Change.DETECTED, None, False, INFO),
        (Change.MERGED, None, True, INFO),
        (Change.FIXED, None, True, INFO),
        (Change.PROPOSED, Reason.NEEDS_REVIEW, False, WARNING),
        (Change.ESCALATED, Reason.NO_CANDIDATE, False, WARNING),
        (Change.ESCALATED, Reason.FAULT, False, WARNING),
        (Change.ESCALATED, Reason.OVERRAN, False, WARNING),
        (Change.ESCALATED, Reason.CHECK_FAILED, False, WARNING),
        (Change.ESCALATED, Reason.NOT_FIXED, True, URGENT),
        (Change.ESCALATED, Reason.ROLLED_BACK, True, URGENT),
        (Change.ESCALATED, Reason.TREE_DIFFERS, True, URGENT),
        (Change.ESCALATED, Reason.OVERRAN, True, URGENT),
        (Change.ESCALATED, Reason.FAULT, True, URGENT),
        (Change.ESCALATED, Reason.INCONCLUSIVE, True, WARNING),
        (Change.ESCALATED, Reason.ALREADY_FIXED, False, INFO),
        (Change.ESCALATED, Reason.STOPPED, False, INFO),
        (Change.ESCALATED, Reason.PAUSED, True, INFO),
    ],
)
def test_how_much_a_change_matters(
    change: Change,
    reason: Reason | None,
    merged: bool,  # noqa: FBT001
    severity: Severity,
) -> None:
    assert severity_of(change, reason, merged=merged) is severity


BERLIN = Quiet.model_validate({"timezone": "Europe/Berlin"})
DAY, NIGHT, MORNING = 1_800_010_000.0, 1_800_050_000.0, 1_800_079_200.0
TWO = (Channel(to="chat", severity=INFO), Channel(to="pager", severity=URGENT))


@pytest.mark.parametrize(
    ("notify", "severity", "now", "due", "unknown"),
    [
        (Notify(channels=TWO), INFO, DAY, [("chat", DAY)], ()),
        (Notify(channels=TWO), URGENT, DAY, [("chat", DAY), ("pager", DAY)], ()),
        (Notify(channels=TWO, quiet=BERLIN), INFO, DAY, [("chat", DAY)], ()),
        (Notify(channels=TWO, quiet=BERLIN), WARNING, NIGHT, [("chat", MORNING)], ()),
        (Notify(channels=TWO, quiet=BERLIN), URGENT, NIGHT, [("chat", NIGHT), ("pager", NIGHT)], ()),
        (Notify(channels=(Channel(to="gone"), *TWO)), WARNING, DAY, [("chat", DAY)], ("gone",)),
        (Notify(channels=(Channel(to="gone"),)), INFO, DAY, [], ()),
        (Notify(), URGENT, DAY, [], ()),
        (None, WARNING, DAY, [("default", DAY)], ()),
        (None, INFO, DAY, [], ()),
    ],
)
def test_who_is_told_and_when(
    notify: Notify | None,
    severity: Severity,
    now: float,
    due: list[tuple[str, float]],
    unknown: tuple[str, ...],
) -> None:
    told, missed = recipients(notify, {"chat", "pager", "default"}, severity, now)
    assert [(one.target, one.at) for one in told] == due
    assert missed == unknown


def test_a_server_without_targets_tells_nobody_by_default() -> None:
    assert recipients(None, (), URGENT, DAY) == ((), ())
    assert recipients(None, ("default",), URGENT, DAY) == ((Due("default", DAY),), ())


def test_the_sentence_of_a_verified_fix_is_the_issues_own() -> None:
    notice = notice_of(case(), FIXED, WEB)
    assert notice is not None
    assert (notice.severity, notice.key) == (INFO, "fixed")
    assert notice.title == "acme/shop #3: fixed"
    assert notice.text == f"{FIXED.summary}\nhttps://github.com/acme/shop/issues/3"


def test_an_escalation_says_why_and_where() -> None:
    notice = notice_of(case(), _ended(Reason.NOT_FIXED, "3 events after the deployment"), WEB)
    assert notice is not None
    assert notice.title == "acme/shop #3: needs a person (not fixed)"
    assert notice.text.splitlines() == [
        "anomaly detected at 08:00, stopped",
        "Why: 3 events after the deployment",
        "https://github.com/acme/shop/issues/3",
    ]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (case(merged=None), "None check missing in shop/receipts.py line 12, looking for a fix"),
        (
            case(),
            "None check missing in shop/receipts.py line 12, fix merged at 08:08, waiting for production",
        ),
    ],
)
def test_on_its_way_the_sentence_says_how_far_it_is(file: CaseFile, words: str) -> None:
    notice = notice_of(file, None, WEB)
    assert notice is not None
    assert notice.text.splitlines()[0] == f"anomaly detected at 08:00, root cause: {words}"


def test_two_ends_of_one_incident_are_two_changes_and_the_same_end_is_one() -> None:
    keys = [
        notice.key if (notice := notice_of(case(), outcome, WEB)) else None
        for outcome in (
            _ended(Reason.NEEDS_REVIEW, result=Result.PROPOSED),
            _ended(Reason.NOT_FIXED, "3 events"),
            _ended(Reason.NOT_FIXED, "4 events"),
            FIXED,
        )
    ]
    assert len(set(keys)) == 3
    assert keys[1] == keys[2]


def test_whoever_wrote_an_issue_of_unknown_origin_makes_nobody_read_it() -> None:
    assert notice_of(case(), _ended(Reason.UNTRUSTED), WEB) is None
    vouched = case()
    vouched.incident = replace(INCIDENT, vouched_by="ada")
    assert notice_of(vouched, _ended(Reason.UNTRUSTED), WEB) is not None
    assert notice_of(case(pull=None), _ended(Reason.PAUSED), WEB) is None


# Hostile texts ---------------------------------------------------------------------------------------------------

HOSTILE = [
    "@everyone",
    "<!channel> <!here>",
    "<@U024BE7LH>",
    "<at>all</at>",
    "[click](https://evil.example/x)",
    "<https://evil.example|safe>",
    "https://evil.example/login",
    "www.evil.example",
    "`code` ```block```",
    "*bold* _it_ ~gone~ __all__ **b**",
    "||spoiler|| |table|",
    "# heading\n\n> quote\n- list\n/giphy evil",
    "line\r\nSubject: injected\r\nBcc: eve@evil.example",
    "\u202eesrever\u200b \x1b[31mred\x07",
    "\ud800 lone",
    "\\<b\\> \\n \\x41",
    f"token={SECRET} ghp_{'a' * 36}",
    "x" * 5000,
]
LIVE = re.compile(
    r"@(?!\u200b)|[<>\[\]`*~|\\\r\x00-\x08\x0b-\x1f\u202e]|https?:(?!\u200b)//|www\.(?!\u200b)|(?<!\w)_|_(?!\w)"
)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_from_outside_takes_effect(text: str) -> None:
    incident = Incident("inc-1", text, 501, 77, 3, "sentry:4711")
    finding = replace(FINDING, title=text, chain=(Raised(text, text, ()),), release=text)
    file = case(cause=replace(CAUSE, path=text, function=text, message=text), finding=finding)
    notices = [
        notice_of(file, None, WEB),
        notice_of(file, _ended(Reason.NOT_FIXED, text), WEB),
        notice_of(file, Outcome(Result.FIXED, text), WEB),
    ]
    file.incident = incident
    notices.append(notice_of(file, _ended(Reason.NOT_FIXED, text), WEB))
    for notice in notices:
        assert notice is not None
        said = f"{notice.title}\n{notice.text}".replace("https://github.com/acme/shop/issues/3", "")
        assert LIVE.findall(said) == []
        assert SECRET not in said
        assert "ghp_" not in said
        assert len(said) < 2000
        assert said.count("\n") <= 4
        said.encode()  # no lone surrogate, which would break a client


def test_names_of_files_stay_readable() -> None:
    sentence = "None check missing in app/user_service.py line 234"
    assert plain(sentence) == sentence


# Storms ----------------------------------------------------------------------------------------------------------


def _waiting(*severities: Severity) -> list[Waiting]:
    return [
        Waiting(number, "chat", severity, f"acme/shop #{number}: fixed", f"text {number}", 0)
        for number, severity in enumerate(severities, 1)
    ]


@pytest.mark.parametrize(
    ("waiting", "sent", "numbers"),
    [
        ([], 0, []),
        ([INFO], 0, [(1,)]),
        ([INFO] * SINGLY, 0, [(1,), (2,), (3,)]),
        ([INFO] * 4, 0, [(1, 2, 3, 4)]),
        ([INFO] * 3, 6, [(1, 2, 3)]),
        ([INFO] * 2, 6, [(1,), (2,)]),
        ([INFO], 8, []),
        ([INFO, URGENT], 8, [(2,)]),
        ([INFO, URGENT], 7, [(2,)]),
        ([INFO, URGENT], 6, [(2,), (1,)]),
        ([URGENT] * 3, 9, [(1, 2, 3)]),
        ([URGENT] * 3, 8, [(1,), (2, 3)]),
        ([URGENT], 10, []),
        ([URGENT] * 5, 0, [(1,), (2,), (3,), (4,), (5,)]),
        ([INFO, WARNING, INFO, WARNING, URGENT], 0, [(5,), (1, 2, 3, 4)]),
    ],
)
def test_a_storm_becomes_one_message(
    waiting: list[Severity], sent: int, numbers: list[tuple[int, ...]]
) -> None:
    assert RESERVED == 2
    assert [one.numbers for one in messages_to_send(_waiting(*waiting), sent, 10)] == numbers


@pytest.mark.parametrize("severity", Severity)
def test_no_flood_gets_more_messages_through_than_the_limit(severity: Severity) -> None:
    for sent in range(12):
        found = messages_to_send(_waiting(*[severity] * 500), sent, 10)
        assert sent + len(found) <= max(10, sent)
        told = [number for one in found for number in one.numbers]
        assert sorted(told) == sorted(set(told))
        assert not told or len(told) == 500


def test_a_message_for_many_has_a_line_for_each_of_the_newest() -> None:
    (digest,) = messages_to_send(_waiting(*[INFO] * 30, WARNING), 0, 10)
    assert (digest.severity, digest.title) == (WARNING, "31 changes of incidents")
    lines = digest.text.splitlines()
    assert lines[0] == f"The newest {LINES}:"
    assert lines[1:] == [f"- acme/shop #{number}: fixed" for number in range(22, 32)]
    (short,) = messages_to_send(_waiting(*[INFO] * 4), 0, 10)
    assert short.text.splitlines()[0] == "- acme/shop #1: fixed"
