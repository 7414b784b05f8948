"""From a root cause to a patch: every pattern proposes, the best proposal that can be made exactly is chosen."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.core.model import (
    Applicability,
    CodeFrame,
    Failure,
    FailureKind,
    FileChange,
    Finding,
    Fix,
    Patch,
    Reason,
    RegressionTest,
    RootCause,
    Stage,
    Stop,
)
from app.core.source import SourceTree
from app.core.syntax import Code
from app.fix.classes import ancestors_in
from app.fix.conventions import conventions_of, defined_names
from app.fix.edit import Before, Import, Replace, Rewrite, apply
from app.fix.pattern import FixPattern, Proposal, Strength, patterns
from app.fix.proof import unproven
from app.fix.regression import write_test
from app.fix.reliance import relied_on
from app.fix.site import Site, Trace


@dataclass(frozen=True, slots=True)
class Candidate:
    """One patched file, ready to be chosen. `returns` is the constant that the function now gives, if it is known.

    `depth` and `distance` are those of its site, see `Trace`. `raises` tells that the repaired code still raises, the
    package's own error. `proven` tells that the checker found nothing changed but what would have raised.
    """

    pattern: str
    category: str
    applicability: Applicability
    change: FileChange
    summary: str
    why: tuple[str, ...]
    why_safe: str
    strength: Strength
    returns: str | None
    depth: int = 0
    distance: int = 0
    raises: bool = False
    proven: bool = False


def write_patch(finding: Finding, cause: RootCause, tree: SourceTree) -> Patch | Stop:
    """The best candidate with its regression test; a Stop that says what was tried where there is none."""
    found = candidates(cause, tree)
    if not found:
        return no_candidate(cause)
    test = write_test(finding, cause, tree, found[0].returns)
    return test if isinstance(test, Stop) else Patch.of(fix_of(found), test)


def no_candidate(cause: RootCause) -> Stop:
    """The refusal of a cause that no pattern has a fix for."""
    tried = ", ".join(name for name, pattern in patterns().items() if _answers(pattern, cause))
    return Stop(
        Stage.FIX,
        Reason.NO_CANDIDATE,
        f"No pattern has a fix for `{cause.failure.expression}` at {cause.place} that the code gives evidence for."
        f" Tried: {tried or 'none answers this exception'}.",
    )


def fix_of(found: Sequence[Candidate], test: RegressionTest | None = None) -> Fix:
    """The fix of the first candidate; the others are told as alternatives."""
    best, *others = found
    return Fix(
        pattern=best.pattern,
        category=best.category,
        applicability=best.applicability,
        fix=best.change,
        test=test,
        summary=best.summary,
        why=best.why,
        why_safe=best.why_safe,
        alternatives=tuple(f"{one.summary} ({one.pattern}): {one.why[0]}" for one in others),
    )


def candidates(cause: RootCause, tree: SourceTree) -> tuple[Candidate, ...]:
    """Every distinct patch that some pattern proposes for the failing frame or for a caller, best first."""
    found: list[Candidate] = []
    for site, source in sites(cause, tree):
        if not _is_never_missing(site) and not _is_configuration(site):
            relied = relied_on(site, tree)
            found.extend(_candidates(site, source, relied))
    found.sort(key=_rank)
    return tuple({(one.change.path, one.change.after): one for one in reversed(found)}.values())[::-1]


def sites(cause: RootCause, tree: SourceTree) -> Iterator[tuple[Site, str]]:
    """The failing place, then the places of its callers, each with the text of its file."""
    names = ancestors_in(cause.exception, cause.module, tree, cause.path)
    lookups = [one for one in cause.origins if one.is_lookup]
    if not lookups:
        yield from _site(cause, cause.culprit, cause.path, cause.failure, names, tree, 0)
    for origin in cause.origins:
        if origin.is_lookup or not lookups:
            yield from _site(
                cause, origin.frame, origin.frame.path, origin.failure, names, tree, origin.depth
            )


def _site(
    cause: RootCause,
    frame: CodeFrame,
    path: str,
    failure: Failure,
    names: tuple[str, ...],
    tree: SourceTree,
    depth: int,
) -> Iterator[tuple[Site, str]]:
    source = tree.read(path)
    code = Code.parse(source) if source is not None else None
    if source is None or code is None:
        return
    at = cause.frames.index(frame) if frame in cause.frames else 0
    lookups = [one.depth for one in cause.origins if one.is_lookup]
    distance = depth - min(lookups, default=0)
    trace = Trace(names, cause.message, cause.module, depth, distance, cause.frames[:at][::-1])
    site = Site.locate(code, path, failure, frame.variables, conventions_of(tree, path), trace)
    if site is not None:
        yield site, source


def _rank(candidate: Candidate) -> tuple[float, bool]:
    """The stronger evidence first; where it is equal, what is proven."""
    return candidate.strength + 0.5 * candidate.distance, not candidate.proven


def _is_configuration(site: Site) -> bool:
    """True for a variable that the environment lacks: what it should say is for whoever deploys to decide."""
    owner = site.text(site.subject).rpartition(".")
    return site.failure.kind is FailureKind.MISSING_KEY and (
        owner[2] == "ENVIRON" or site.line == "os.environ"
    )


def _is_never_missing(site: Site) -> bool:
    """True for a receiver, module, function or class: if that was None, more is wrong than a guard can answer."""
    if not isinstance(site.subject, ast.Name) or not site.none:
        return False
    return site.subject.id in {"self", "cls"} | defined_names(site.code)


def _candidates(site: Site, source: str, relied: str | None) -> Iterator[Candidate]:
    for name, pattern in patterns().items():
        if not pattern.answers_site(site):
            continue
        for proposal in pattern.codemod(site):
            if _silences(site, proposal):
                continue
            after = apply(site.code, proposal.edits)
            if after is not None and after != source:
                change = FileChange(site.path, source, after)
                yield _candidate(name, pattern, proposal, change, site, relied)


def _silences(site: Site, proposal: Proposal) -> bool:
    """True if the program would go on where it was about to report an error: only the report is to be mended."""
    return isinstance(site.statement, ast.Raise) and not all(
        isinstance(edit, Replace | Import) or (isinstance(edit, Before | Rewrite) and "raise " in edit.code)
        for edit in proposal.edits
    )


def _answers(pattern: FixPattern, cause: RootCause) -> bool:
    return pattern.answers_to(cause.exception, cause.message)


def _candidate(
    name: str, pattern: FixPattern, proposal: Proposal, change: FileChange, site: Site, relied: str | None
) -> Candidate:
    claimed = pattern.applicability is Applicability.SAFE and proposal.safe
    fault = relied or unproven(site, change.after) if claimed else None
    proven = claimed and fault is None
    weak = proposal.strength >= Strength.LAST
    safe = proven and not weak
    why_safe = proposal.why_safe
    if fault is not None:
        why_safe = f"Not proven: {fault}"
    elif weak:
        why_safe = (
            f"{proposal.why_safe} The evidence for what happens instead is weak: a person should choose."
        )
    elif not proposal.safe:
        why_safe = (
            f"{proposal.why_safe} Whether the readers of the value allow for it is for a person to say."
        )
    return Candidate(
        pattern=name,
        category=pattern.category,
        applicability=pattern.applicability if safe else min_applicability(pattern.applicability),
        change=change,
        summary=proposal.summary,
        why=proposal.why,
        why_safe=why_safe,
        strength=proposal.strength,
        returns=proposal.returns,
        depth=site.trace.depth,
        distance=site.trace.distance,
        raises=proposal.raises,
        proven=proven,
    )


def is_rival(candidate: Candidate, chosen: Candidate) -> bool:
    """True if as much speaks for it as for the chosen one."""
    return candidate is not chosen and _rank(candidate)[0] <= _rank(chosen)[0]


def is_weak(candidate: Candidate) -> bool:
    """True if only an annotation or the consumer's tolerance speaks for it: a person should choose."""
    return candidate.strength >= Strength.LAST


def min_applicability(claimed: Applicability) -> Applicability:
    """What is left of a claim that does not hold everywhere."""
    return Applicability.UNSAFE if claimed is Applicability.SAFE else claimed
