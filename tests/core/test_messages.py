from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import messages
from app.core.markdown import code, fence, name, prose, table, visible
from app.core.model import (
    Breadcrumb,
    CaseFile,
    Context,
    Deploy,
    FailureKind,
    Held,
    Judgement,
    Method,
    Outcome,
    PastIncident,
    Raised,
    Reason,
    Result,
    Stage,
    Stop,
)
from samples import CAUSE, DECISION, FAILURE, FINDING, FRAME, PATCH, VERDICT, case

STOP = Stop(Stage.VERIFY, Reason.CHECK_FAILED, "the check ended failure")
OUTCOME = Outcome(Result.ESCALATED, "anomaly detected at 08:00, stopped at verify: check failed", STOP, 9)

# What our own texts fold.
FOLDED_TITLES = (
    "Stack trace",
    "Other candidates",
    "Investigation",
    "Timeline",
    "What it affects",
    "Before the failure",
    "The callers, with the values seen",
    "Earlier incidents of the same shape",
    "Other open issues about this place",
    "Ruled out",
    "Not known",
)
FOLDED = "|".join(FOLDED_TITLES)
# Every sign that GitHub, or a bot that reads comments, acts upon.
COMMANDS = [
    "@dependabot merge",
    "@acme/everyone",
    "Closes #1",
    "fixes acme/shop#12",
    "<!-- hidden -->",
    "<details><summary>x</summary>",
    "<img src=x>",
    "[click](https://evil.example)",
    "![pixel](https://evil.example/x.png)",
]
WRAPS = [
    "{}",
    "` {} `",
    "`` ` {} ``",
    "\\` {} `",
    "\\\\` {} `",
    "` `` {} ```",
    "``` {} ```",
    "`\n\n{}\n\n`",
    "```\n{}\n```\n{}",
    "~~~\n{}\n~~~\n{}",
    "| {} | ` | {} |",
    "</details>\n\n{}",
    "-->\n{}",
    "\r\n{}\r\n",
    "\u2028{}\u2028",
]
HOSTILE = [wrap.replace("{}", command) for wrap in WRAPS for command in COMMANDS]


def _outside_of_code(text: str) -> str:
    """What CommonMark does not take for code: fences go first, then spans by equal runs of backticks."""
    text = re.sub(r"(?ms)^(`{3,}|~{3,})[^\n`]*\n.*?^\1`*[ ]*$", "", text)
    kept = []
    for paragraph in re.split(r"\n\s*\n|\n(?=[-|#<])", text):
        rest = paragraph
        while found := re.search(r"(?<![`\\])(`+)(?!`)", rest):
            closing = re.search(rf"(?<!`){found[1]}(?!`)", rest[found.end() :])
            kept.append(rest[: found.start()])
            rest = rest[found.end() + closing.end() :] if closing else rest[found.end() :]
        kept.append(rest)
    return "\n".join(kept)


def _live(text: str) -> list[str]:
    """What takes effect in a comment, our own references aside."""
    outside = _outside_of_code(text).replace("&#8203;", "\u200b").replace("&#92;", "/")
    ours = r"(?:Refs )?#(?:3|9|7)\b"
    found = re.findall(r"(?<![\w`])@\w[\w/-]*", outside)
    found += re.findall(r"#\d+", re.sub(ours, "", outside))
    found += re.findall(rf"<!--|<img|<details>(?!<summary>(?:{FOLDED}))", outside)
    found += [url for url in re.findall(r"(?<!\\)\]\(([^)]*)\)", outside) if "evil" in url]
    return found


def _texts(file: CaseFile, stop: Stop = STOP) -> list[str]:
    outcome = replace(OUTCOME, stop=stop)
    return [
        messages.pull_title(file),
        messages.pull_body(file),
        messages.commit_message(file),
        *messages.merge_message(file),
        messages.status(file),
        messages.ended(file, outcome),
        messages.escalation(file, stop, outcome),
        messages.resolved(file, outcome),
        messages.tracker_note(file),
    ]


def _hostile_case(text: str) -> CaseFile:
    """A case in which everything that comes from outside is `text`."""
    frame = replace(FRAME, code=text, function=text, path=text, variables={text: text, "password": text})
    finding = replace(
        FINDING,
        short_id=text,
        title=text,
        release=text,
        environment=text,
        transaction=text,
        url=f"https://acme.sentry.io/{text}",
        chain=(Raised(text, text, (frame,)),),
    )
    suspect = CAUSE.suspect
    assert suspect is not None
    cause = replace(
        CAUSE,
        exception=text,
        message=text,
        function=text,
        failure=replace(FAILURE, subject=text, evidence=(text, f"`x` {text}")),
        frames=(replace(CAUSE.culprit, code=text, function=text, variables={text: text}),) * 2,
        ruled_out=(text,),
        suspect=replace(suspect, title=text, author=text),
    )
    patch = replace(PATCH, summary=text, why=(text,), why_safe=text, alternatives=(text,))
    decision = replace(DECISION, because=(text,))
    context = Context(
        text,
        text,
        (Breadcrumb(text, text, text, text), Breadcrumb("2026-11-03T10:00:00Z", text, text, text)),
        (Deploy("2026-11-03T09:00:00Z", "c" * 40, text), Deploy(text, text, text)),
        (PastIncident("inc-0", 7, 1.0, None, None, text, 9, same_place=True),),
        (text,),
    )
    return case(finding=finding, cause=cause, patch=patch, decision=decision, context=context)


@pytest.mark.parametrize("text", HOSTILE)
def test_i14_quoted_text_commands_nobody(text: str) -> None:
    stop = Stop(Stage.INVESTIGATE, Reason.RELEASE_UNKNOWN, f"release {text!r} and {text} are unknown")
    for written in _texts(_hostile_case(text), stop):
        assert _live(written) == []


def test_the_check_for_live_text_sees_live_text() -> None:
    for command in COMMANDS:
        assert _live(f"see {command}"), command
        assert _live(f"see \\` {command} `"), command
        assert not _live(f"see ` {command} `")
        assert not _live(f"```\n{command}\n```")


@pytest.mark.parametrize("text", HOSTILE)
def test_i14_commits_and_titles_hold_no_text_from_outside(text: str) -> None:
    file = _hostile_case(text)
    assert messages.commit_message(file) == messages.commit_message(_hostile_case("!"))
    assert "\n" not in messages.pull_title(file)


@given(st.text(alphabet="`\\@a#1<!-[]( \n|~>*_", max_size=40))
def test_i14_no_sequence_of_signs_gets_out_of_prose(text: str) -> None:
    assert _live(prose(text)) == []
    assert "\n" not in prose(text)


@given(st.text(alphabet="`\\@a#1<!-[]( \n|~", max_size=40))
def test_i14_no_sequence_of_signs_gets_out_of_a_code_span_or_fence(text: str) -> None:
    assert _outside_of_code(f"a {code(text)} b").strip().split() == ["a", "b"]
    assert _outside_of_code(f"a\n\n{fence(text)}\n\nb").split() == ["a", "b"]


# Hidden signs ----------------------------------------------------------------------------------------------------

HIDDEN = "\u202a\u202e\u2066\u2069\u200b\u200d\u2060\ufeff\u00ad\ufe0f\U000e0041\U000e0101\x00\x1b\x7f\x85\u2028\ud800"


@pytest.mark.parametrize("character", HIDDEN)
def test_i11_hidden_characters_are_shown_escaped(character: str) -> None:
    for shown in (
        code(f"a{character}b"),
        fence(f"a{character}b"),
        visible(f"a{character}b"),
        prose(f"a{character}b"),
    ):
        assert character not in shown
        assert f"u{ord(character):04x}" in shown


@pytest.mark.parametrize("character", HIDDEN)
def test_i11_no_message_holds_one(character: str) -> None:
    for written in _texts(_hostile_case(f"a{character}b")):
        assert character not in written
        written.encode("utf-8")


def test_ordinary_text_of_any_language_is_left_as_it_is() -> None:
    text = "Größe ≤ 3 für 顧客 и цена 😀"
    assert visible(text) == text
    assert code(text) == f"`{text}`"


# Secrets ---------------------------------------------------------------------------------------------------------

SECRETS = {
    "token": "ghs_4242_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiI0MjQyIn0.c2ln-bmF0_dXJl",
    "old token": "ghp_" + "a1B2" * 9,
    "mail": "jane.doe@customer.example.com",
    "key": "AKIAIOSFODNN7EXAMPLE",
    "url": "postgres://root:hunter22@db.internal/x",
    "bearer": "Bearer abcdefgh12345678",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_i13_no_message_holds_a_secret(kind: str) -> None:
    secret = SECRETS[kind]
    cores = {"mail": ["jane.doe"], "url": ["hunter22"], "bearer": ["abcdefgh12345678"]}.get(
        kind, [piece for piece in re.split(r"[._]", secret) if len(piece) > 5]
    )
    stop = Stop(Stage.INVESTIGATE, Reason.RELEASE_UNKNOWN, f"release {secret!r} names no commit")
    file = _hostile_case(f"failed with {secret} here")
    assert file.cause is not None
    # The line itself stands in the repository for all to read.
    file.cause = replace(file.cause, frames=(replace(file.cause.culprit, code="x"),))
    for written in _texts(file, stop):
        assert [core for core in cores if core in written] == []


def test_i13_a_local_with_a_secret_name_is_not_shown() -> None:
    cause = replace(
        CAUSE, frames=(replace(CAUSE.culprit, variables={"password": "'hunter2x'", "total": "5"}),)
    )
    text = messages.escalation(case(cause=cause), STOP, OUTCOME)
    assert "hunter2x" not in text
    assert "| `total` | `5` |" in text


# What is said ----------------------------------------------------------------------------------------------------


def test_the_one_sentence_of_a_verified_fix() -> None:
    assert messages.summary(case()) == (
        "anomaly detected at 08:00, root cause: None check missing in shop/receipts.py line 12, "
        "fix deployed at 08:09, error rate back to baseline at 08:15"
    )


def test_a_commit_tells_the_action_what_to_prove() -> None:
    lines = messages.commit_message(case()).splitlines()
    assert lines[0] == "Fix AttributeError in address_line (shop/receipts.py:12)"
    trailers = dict(line.split(": ", 1) for line in lines[4:])
    assert trailers == {
        "Autofix-Incident": "inc-1",
        "Autofix-Test": "tests/test_autofix_receipts.py::test_it",
        "Autofix-Exception": "AttributeError",
        "Autofix-Place": "shop/receipts.py:12",
        "Autofix-Fix": "shop/receipts.py",
        "Autofix-Category": "null-safety",
        "Autofix-Action": "automerge",
        "Refs": "#3",
    }


def test_nothing_closes_the_issue_but_the_verdict() -> None:
    for written in _texts(case()):
        assert not re.search(r"(?i)\b(clos|fix|resolv)\w*:?\s+#\d", written)


def test_the_body_of_a_proposal_says_why_and_what_proves_it() -> None:
    body = messages.pull_body(case())
    for heading in ("What happened", "Root cause", "The fix", "Proof"):
        assert f"### {heading}" in body
    for fact in (
        "12 events, 5 users",
        "was None in the recorded locals",
        "Why it is safe",
        "`autofix`",
        "Refs #3",
    ):
        assert fact in body


@pytest.mark.parametrize("stop", [Stop(Stage.MERGE, reason, "why") for reason in Reason])
def test_every_end_has_its_words(stop: Stop) -> None:
    empty = CaseFile(case().incident, opened_at=0.0)
    for file in (case(), case(merged=None), case(armed=Held(stop), merged=None), empty):
        text = messages.escalation(file, stop, replace(OUTCOME, stop=stop))
        assert "Autofix needs a person" in text
        assert text.endswith("</sub>")
        quicker = stop.reason is Reason.ALREADY_FIXED
        heading = "Somebody else was quicker" if quicker else "Handed over to a person"
        ended = messages.ended(file, replace(OUTCOME, stop=stop))
        assert ended.startswith(f"**{heading}:**")
        assert ("\n\nWhy. " in ended) == quicker
        back = stop.reason is Reason.RECURRED and file.verdict is not None
        summary = messages.handed_over(file, stop, Result.ESCALATED)
        assert ("called fixed at 08:15, and it came back" if back else "stopped at merge") in summary


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        (Reason.ROLLOUT_MISSING, "nothing shows that it is deployed"),
        (Reason.ROLLOUT_STALLED, "its rollout goes no further"),
        (Reason.ROLLOUT_REPLACED, "production runs something without it"),
        (Reason.ROLLED_BACK, "Your CD did not keep the fix in production"),
    ],
)
def test_a_rollout_that_went_wrong_says_what_to_look_at(reason: Reason, says: str) -> None:
    text = messages.escalation(case(), Stop(Stage.OBSERVE, reason, "the rollout stands still"), OUTCOME)
    assert f"The rollout stands still.\n\n{'' if says[0] == 'Y' else 'The fix is merged, and '}{says}" in text


def test_a_long_escalation_is_cut_between_its_parts() -> None:
    diff = "@acme/everyone\n" * 9000
    patch = replace(PATCH, fix=replace(PATCH.fix, after=diff))
    text = messages.escalation(case(patch=patch), STOP, OUTCOME)
    assert len(text) < 65_536
    assert "The rest is too long for a comment." in text
    assert _live(text) == []
    chain = (Raised("E", "m", tuple(replace(FRAME, code="@acme/everyone " * 300) for _ in range(9))),) * 40
    text = messages.escalation(case(finding=replace(FINDING, chain=chain)), STOP, OUTCOME)
    assert (len(text) < 65_536, _live(text)) == (True, [])


@given(st.text(max_size=60))
def test_a_code_span_is_one_cell_of_a_table(text: str) -> None:
    row = table(("a", "b"), [(code(text), "x")]).splitlines()
    assert len(row) == 3
    assert len(re.findall(r"(?<!\\)\|", row[2])) == 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("KeyError", "KeyError"),
        ("shop.errors.Missing", "shop.errors.Missing"),
        ("a b", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_name_is_a_name_or_unknown(text: str, shown: str) -> None:
    assert name(text) == shown


def test_a_case_without_what_a_text_is_about_is_a_fault() -> None:
    with pytest.raises(LookupError, match="does not hold"):
        messages.pull_body(CaseFile(case().incident, opened_at=0.0))


def test_every_kind_of_failure_has_its_own_words() -> None:
    causes = [replace(CAUSE, failure=replace(FAILURE, kind=kind)) for kind in FailureKind]
    phrases = [messages.cause_phrase(cause) for cause in causes]
    assert len(set(phrases)) == len(FailureKind)
    assert all(phrase.endswith(" in shop/receipts.py line 12") for phrase in phrases)


@pytest.mark.parametrize(
    ("method", "said"),
    [
        (Method.EXACT_LOOKS, "Judged by the exact Poisson test at planned looks; its limit now is 0.002."),
        (Method.SEQUENTIAL, "Judged by the sequential test, at any moment; its limit now is 0.002."),
    ],
)
def test_a_verdict_is_shown_with_its_test_and_its_picture(method: Method, said: str) -> None:
    shown = messages.resolved(case(verdict=replace(VERDICT, method=method, picture="▂▂│··\n``` x")), OUTCOME)
    assert said in shown
    assert shown.endswith("```text\n▂▂│··\n    x\n```")
    assert "```" not in messages.resolved(case(), OUTCOME)


def test_while_production_is_watched_the_status_shows_the_verdict_and_its_chart() -> None:
    open_still = replace(
        VERDICT,
        judgement=Judgement.INCONCLUSIVE,
        explanation="0 events; without another event it takes 3 minutes more to be sure",
        picture="12 ███│0",
    )
    text = messages.status(case(verdict=open_still))
    assert "inconclusive at 08:15: 0 events; without another event it takes 3 minutes more to be sure" in text
    assert "```text\n12 ███│0\n```" in text
    assert "```" not in messages.status(case(verdict=None))


def test_an_open_verdict_ends_the_sentence_with_the_time_that_is_missing() -> None:
    verdict = replace(VERDICT, judgement=Judgement.INCONCLUSIVE, needed=180.0)
    stop = Stop(Stage.OBSERVE, Reason.INCONCLUSIVE, "too few to be sure")
    summary = messages.handed_over(case(verdict=verdict), stop, Result.ESCALATED)
    assert summary.endswith(
        "stopped at observe: inconclusive, 3 hours more without the error would settle it"
    )
    assert "settle" not in messages.handed_over(
        case(verdict=replace(verdict, needed=None)), stop, Result.ESCALATED
    )
