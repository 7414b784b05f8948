"""Whether a pull request can be merged: computed by a real merge, and as late as GitHub computes it."""

from __future__ import annotations

from app.demo.github.git.merging import merge
from app.demo.github.git.objects import Signature
from app.demo.github.rules import check_state, requirements, unmet_checks, unmet_reviews
from app.demo.github.site import Site
from app.demo.github.state import Pull, Repository, RequiredCheck


def compute(site: Site, pull: Pull) -> None:
    """Bring `mergeable`, the test merge commit and `refs/pull/N/merge` up to date with head and base."""
    repo = pull.repository
    base = repo.git.branch(pull.base_ref)
    if base is None or pull.computed_for == (pull.head_sha, base):
        return
    joined = merge(repo.git, base, pull.head_sha)
    pull.mergeable = not joined.conflicts
    pull.computed_for = (pull.head_sha, base)
    ref = f"refs/pull/{pull.number}/merge"
    if joined.conflicts:
        pull.merge_commit_sha = None
        repo.git.set_ref(ref, None)
        return
    by = Signature("GitHub", "noreply@github.com", int(site.clock()))
    message = f"Merge {pull.head_sha} into {base}"
    pull.merge_commit_sha = repo.git.write_commit(joined.tree, [base, pull.head_sha], message, by, by)
    repo.git.set_ref(ref, pull.merge_commit_sha)


def known_state(pull: Pull) -> str:
    """`mergeable_state` without computing anything: "unknown" unless it is up to date."""
    base = pull.repository.git.branch(pull.base_ref)
    if not pull.open or base is None or pull.computed_for != (pull.head_sha, base):
        return "unknown"
    return _state(pull, base)


def read_state(site: Site, pull: Pull) -> str:
    """`mergeable_state` as a reader gets it: "unknown" once, while the computation that it starts runs."""
    state = known_state(pull)
    if pull.open:
        compute(site, pull)
    return state


def state_of(site: Site, pull: Pull) -> str:
    """`mergeable_state` now, as GitHub itself uses it to decide."""
    compute(site, pull)
    return known_state(pull)


def obstacles(pull: Pull) -> list[str]:
    """GitHub's sentences for the rules of the base that the pull request does not meet."""
    needed = requirements(pull.repository, pull.base_ref)
    return unmet_checks(pull.repository, pull.head_sha, needed) + unmet_reviews(pull, needed)


def behind(pull: Pull) -> bool:
    """Whether the base has commits that the head lacks."""
    base = pull.repository.git.branch(pull.base_ref)
    return base is not None and not pull.repository.git.contains(base, pull.head_sha)


def _state(pull: Pull, base: str) -> str:
    repo = pull.repository
    if not pull.mergeable:
        return "dirty"
    if pull.draft:
        return "draft"
    if obstacles(pull):
        return "blocked"
    if requirements(repo, pull.base_ref).strict and not repo.git.contains(base, pull.head_sha):
        return "behind"
    return "clean" if _all_green(repo, pull.head_sha) else "unstable"


def _all_green(repo: Repository, sha: str) -> bool:
    names = {run.name for suite in repo.check_suites.values() if suite.head_sha == sha for run in suite.runs}
    names |= {status.context for status in repo.statuses if status.sha == sha}
    return all(check_state(repo, sha, RequiredCheck(name)) == "success" for name in names)
