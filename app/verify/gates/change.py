"""Gates on the change itself. Nothing of the pull request is run for them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from app.core.category import CATEGORIES
from app.core.model import Action
from app.core.paths import ALWAYS_PROTECTED, protecting_pattern, sensitive_word
from app.verify.conformance import Unexplained, unexplained, unexplained_test
from app.verify.conformance.text import identifier_problems, read_problems
from app.verify.gates.difference import definitions_around, difference
from app.verify.gates.gate import Gate, Objection, Weight
from app.verify.gates.proposal import Proposal, text_of

MOST_BYTES = 1_000_000
_REGULAR = {"100644", "100755"}
_ZERO_MODE = "000000"
_TEST_NAME = re.compile(r"(?:.*/)?(?:test_[^/]*|[^/]*_test)\.py")


def category(proposal: Proposal) -> Iterator[Objection]:
    """The policy lets this kind of fix be proposed."""
    name = proposal.claim.category
    if name not in CATEGORIES:
        yield Objection(f"{name} is no category of fixes")
    elif not proposal.policy.action(name).allows(Action.PROPOSE):
        yield Objection(f"the policy sets {name} to {proposal.policy.action(name)}")


def action(proposal: Proposal) -> Iterator[Objection]:
    """A fix that is to be merged without a person needs a policy that says so, and code that allows it."""
    claim, rules = proposal.claim, proposal.policy
    if claim.action is not Action.AUTOMERGE or claim.category not in CATEGORIES:
        return
    if not rules.action(claim.category).allows(Action.AUTOMERGE):
        yield Objection(
            f"the commit asks for automerge, and the policy sets {claim.category} to {rules.action(claim.category)}"
        )
    if rules.shadow:
        yield Objection("the commit asks for automerge, and the policy is in shadow mode")
    listed = protecting_pattern(claim.fix, rules.paths.sensitive)
    if listed is not None:
        yield Objection(f"the commit asks for automerge, and the policy calls `{listed}` sensitive")
    word = sensitive_word(claim.fix, *_changed_definitions(proposal))
    if word is not None:
        yield Objection(f"the commit asks for automerge, and the code speaks of `{word}`")


def _changed_definitions(proposal: Proposal) -> list[str]:
    before, after = text_of(proposal.before), text_of(proposal.after)
    if before is None or after is None:
        return []
    try:
        tree = ast.parse(after)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []  # `hidden` and `conformance` say so
    return sorted(definitions_around(tree, frozenset(difference(before, after).added)))


def diff(proposal: Proposal) -> Iterator[Objection]:
    """The commit changes the one fix file and adds the one test file, and nothing else in any way."""
    claim = proposal.claim
    if claim.fix == claim.test_file:
        yield Objection("the fix and the test are the same file", claim.fix)
    by_path = {change.path: change for change in proposal.changes}
    extra = sorted(set(by_path) - {claim.fix, claim.test_file})
    if extra:
        yield Objection(f"the commit also touches {len(extra)} other file(s), such as {extra[0]!r}")
    fix, test = by_path.get(claim.fix), by_path.get(claim.test_file)
    if fix is None or fix.status != "M" or fix.old_mode != fix.new_mode or fix.new_mode not in _REGULAR:
        yield Objection(
            f"{claim.fix} is not a plain file that was modified with its mode unchanged", claim.fix
        )
    if test is None or (test.status, test.old_mode, test.new_mode) != ("A", _ZERO_MODE, "100644"):
        yield Objection(f"{claim.test_file} is not a plain file that was added", claim.test_file)
    yield from _hidden_name(proposal)


def _hidden_name(proposal: Proposal) -> Iterator[Objection]:
    """A test is named as pytest collects it, and as no file that is there in another letter case."""
    name = proposal.claim.test_file
    if not _TEST_NAME.fullmatch(name):
        yield Objection(f"{name} is not named as a test", name)
    twin = next((path for path in proposal.paths if path.lower() == name.lower()), None)
    if twin is not None:
        yield Objection(f"{name} differs from {twin!r} in nothing but letter case, or not at all", name)


def hidden(proposal: Proposal) -> Iterator[Objection]:
    """What people see in the diff is what Python reads."""
    claim = proposal.claim
    names = {claim.fix: proposal.after, claim.test_file: proposal.test}
    for name, content in names.items():
        if text_of(content) is None:
            yield Objection(f"{name} is no UTF-8 text", name)
    if proposal.before.startswith(_MARK) != proposal.after.startswith(_MARK):
        yield Objection(f"the byte order mark of {claim.fix} changes", claim.fix, 1)
    before, after = text_of(proposal.before), text_of(proposal.after)
    if before is not None and after is not None and len(proposal.after) <= MOST_BYTES:
        yield from _at(claim.fix, _misread(before, after))


_MARK = b"\xef\xbb\xbf"


def _misread(before: str, after: str) -> Iterator[Unexplained]:
    yield from read_problems(before, after)
    try:
        yield from identifier_problems(before, after)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield Unexplained(1, "The old or the new text is no Python that can be read.")


def paths(proposal: Proposal) -> Iterator[Objection]:
    """Nothing that decides how fixes are judged is touched, and nothing that the policy keeps for people."""
    claim, rules = proposal.claim, proposal.policy
    for name in sorted({change.path for change in proposal.changes}):
        pattern = protecting_pattern(name, ALWAYS_PROTECTED)
        listed = protecting_pattern(name, rules.paths.protected)
        if pattern or listed:
            yield Objection(f"{name} is protected by `{pattern or listed}`", name)
    if rules.paths.allowed and protecting_pattern(claim.fix, rules.paths.allowed) is None:
        yield Objection(f"{claim.fix} is outside of `paths.allowed`", claim.fix)


def size(proposal: Proposal) -> Iterator[Objection]:
    """The fix and its test are as small as the policy wants them."""
    claim, rules = proposal.claim, proposal.policy
    for name, content in ((claim.fix, proposal.after), (claim.test_file, proposal.test)):
        if len(content) > MOST_BYTES:
            yield Objection(f"{name} is larger than {MOST_BYTES // 1_000_000} MB", name)
            return
    before, after = (one.decode("utf-8", errors="replace") for one in (proposal.before, proposal.after))
    changed, most = difference(before, after).size, rules.changed_lines(claim.category)
    if changed > most:
        yield Objection(f"the fix adds and removes {changed} lines, the policy allows {most}", claim.fix)
    lines = proposal.test.count(b"\n") + (not proposal.test.endswith(b"\n"))
    if lines > rules.limits.test_lines:
        limit = rules.limits.test_lines
        yield Objection(f"the test has {lines} lines, the policy allows {limit}", claim.test_file)


def conformance(proposal: Proposal) -> Iterator[Objection]:
    """Every node of the fix is explained by its category. In a proposal a person reads what is not."""
    claim = proposal.claim
    before, after = text_of(proposal.before), text_of(proposal.after)
    if (
        before is None
        or after is None
        or len(proposal.after) > MOST_BYTES
        or claim.category not in CATEGORIES
    ):
        return  # `hidden` or `category` denies it
    weight = Weight.DENIES if claim.action is Action.AUTOMERGE else Weight.WARNS
    yield from _at(claim.fix, unexplained(claim.category, before, after), weight)


def test(proposal: Proposal) -> Iterator[Objection]:
    """The new file is the one test that is claimed, and does nothing but call and compare."""
    claim, text = proposal.claim, text_of(proposal.test)
    if text is not None and len(proposal.test) <= MOST_BYTES:
        yield from _at(claim.test_file, unexplained_test(text, claim.test, proposal.sources))


def _at(path: str, found: Iterable[Unexplained], weight: Weight = Weight.DENIES) -> Iterator[Objection]:
    for one in found:
        where = f"line {one.line} of the old text: " if one.removed else f"line {one.line}: "
        yield Objection(where + one.sentence, path, 0 if one.removed else one.line, weight)


CHANGE: tuple[Gate[Proposal], ...] = (
    Gate("category", "The policy lets this kind of fix be proposed", category),
    Gate("action", "What the commit asks for is what the policy grants", action),
    Gate("diff", "One file is changed and one test is added; nothing else, in no way", diff),
    Gate("hidden", "Nothing is hidden from who reads the diff", hidden),
    Gate("paths", "No protected file is touched", paths),
    Gate("size", "The change is within the policy's limits", size),
    Gate("conformance", "Every node of the fix is explained by its category", conformance),
    Gate("test", "The new test does nothing but call and compare", test),
)
