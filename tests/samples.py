"""One small incident, by hand: a None reaches the receipt of a shop. Tests change what they are about."""

from __future__ import annotations

from app.core.model import (
    Action,
    Applicability,
    Armed,
    CaseFile,
    CodeFrame,
    Decision,
    Evidence,
    Failure,
    FailureKind,
    FileChange,
    Finding,
    Fix,
    Frame,
    Incident,
    Judgement,
    Merged,
    Patch,
    Pull,
    Raised,
    RegressionTest,
    Release,
    RootCause,
    Span,
    SuspectCommit,
    Verdict,
    Window,
)

BASE, HEAD, TREE, MERGE = "b" * 40, "a" * 40, "7" * 40, "d" * 40
BOT = 900_001
SECRET = "hunter2-hunter2"

FRAME = Frame(
    path="shop/receipts.py",
    function="address_line",
    line=12,
    code="    return customer.address.city",
    variables={"customer": "<Customer 7>", "lines": ["1", "2"]},
    in_app=True,
    module="shop.receipts",
    absolute_path="/srv/app/shop/receipts.py",
)
FINDING = Finding(
    source="sentry",
    organization="acme",
    project="shop",
    group="4711",
    short_id="SHOP-1",
    url="https://acme.sentry.io/issues/4711/",
    event_id="e" * 32,
    title="AttributeError: 'NoneType' object has no attribute 'city'",
    platform="python",
    release="shop@" + "c" * 40,
    environment="production",
    first_seen="2026-11-03T10:00:00Z",
    last_seen="2026-11-03T10:05:00Z",
    events=12,
    users=5,
    chain=(Raised("AttributeError", "'NoneType' object has no attribute 'city'", (FRAME,)),),
)
FAILURE = Failure(
    kind=FailureKind.NONE_VALUE,
    expression="customer.address.city",
    subject="customer.address",
    span=Span(12, 11, 12, 32),
    subject_span=Span(12, 11, 12, 27),
    key=None,
    evidence=("`customer.address` was None in the recorded locals.",),
)
CAUSE = RootCause(
    exception="AttributeError",
    message="'NoneType' object has no attribute 'city'",
    path="shop/receipts.py",
    function="address_line",
    line=12,
    deployed_sha="c" * 40,
    base_sha=BASE,
    base_branch="main",
    failure=FAILURE,
    frames=(
        CodeFrame("shop/receipts.py", "address_line", 12, "return customer.address.city", {"customer": "x"}),
    ),
    suspect=SuspectCommit("5" * 40, "Print addresses", "bob", "2026-11-01T09:00:00Z", 7),
)
DECISION = Decision(
    category="null-safety",
    action=Action.AUTOMERGE,
    because=("the policy says null-safety: automerge",),
    verify_check="autofix",
    environment="production",
    looks=(120.0, 300.0),
)
FIX = FileChange("shop/receipts.py", "return customer.address.city\n", "return ''\n")
TEST = RegressionTest(
    FileChange("tests/test_autofix_receipts.py", None, "def test_it() -> None: ...\n"),
    "tests/test_autofix_receipts.py::test_it",
    "test_it",
)
DRAFT = Fix(
    pattern="none_return_guard",
    category="null-safety",
    applicability=Applicability.SAFE,
    fix=FIX,
    test=None,
    summary="return '' early when there is no address",
    why=("two callers already allow for an empty text",),
    why_safe="Nothing else changes.",
    alternatives=("skip the line (none_skip_statement): the loop goes on",),
)
PATCH = Patch.of(DRAFT, TEST)
PULL = Pull(9, "PR_9", "https://github.com/acme/shop/pull/9", "autofix/inc-1", HEAD, BASE, TREE, BOT)
INCIDENT = Incident("inc-1", "acme/shop", 501, 77, 3, "sentry:4711")
WINDOW = Window(12, 600.0, "requests", 300.0)
VERDICT = Verdict(
    Judgement.FIXED, WINDOW, Window(0, 600.0, "requests", 300.0), 0.0001, 0.002, 1_800_000_900.0, "0 events"
)
RELEASE = Release("shop@" + MERGE, MERGE, 31, "production", 1_800_000_500.0, 1_800_000_560.0)


def case(**changed: object) -> CaseFile:
    """The case file of a fix that is deployed and verified."""
    whole: dict[str, object] = {
        "finding": FINDING,
        "cause": CAUSE,
        "decision": DECISION,
        "patch": PATCH,
        "pull": PULL,
        "armed": Armed(HEAD, ("autofix", "ci")),
        "evidence": Evidence(
            "autofix", "https://github.com/acme/shop/runs/1", HEAD, "red before, green after"
        ),
        "merged": Merged(MERGE, 1_800_000_480.0),
        "release": RELEASE,
        "verdict": VERDICT,
    } | changed
    file = CaseFile(INCIDENT, opened_at=1_800_000_000.0)
    for name, value in whole.items():
        setattr(file, name, value)
    return file
