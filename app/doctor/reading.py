"""Reads a repository's facts with PyGithub. What GitHub does not show stays unread, with GitHub's own reason."""

from __future__ import annotations

import base64
import binascii
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from github import Github, GithubException

from app.clients.github.answers import RequiredCheck, dig
from app.clients.github.rules import read_rules
from app.clients.pygithub import FAULTS, explained, get, pages, part
from app.core.errors import Malformed
from app.core.policy import POLICY_PATH
from app.doctor.facts import Branch, Delivered, Production
from app.doctor.finding import Unread
from app.doctor.workflow_files import WorkflowFile, read_workflow

T = TypeVar("T")

WORKFLOWS = ".github/workflows"
MOST_WORKFLOWS = 50
MOST_DEPLOYMENTS = 30
RECENT_COMMITS = 3
RECENT_PULLS = 3
RECENT_RUNS = 20
NOT_FOUND = 404
NO_SUCH = (404, 422)  # GitHub answers 422 to a SHA that names nothing
ACTIONS = "github-actions"


def attempt(read: Callable[[], T]) -> T | Unread:
    """What `read` gives; unread if GitHub does not answer it."""
    try:
        return read()
    except (*FAULTS, Malformed) as fault:
        return Unread(str(fault) if isinstance(fault, Malformed) else explained(fault))


class Reader:
    """One repository under one token."""

    def __init__(self, github: Github, name: str, clock: Callable[[], float] = time.time) -> None:
        self._github, self._root, self._clock = github, f"/repos/{name}", clock

    def repository(self) -> dict[str, Any]:
        """The repository itself."""
        found = self._get("")
        if not isinstance(found, dict):
            raise Malformed("GitHub's answer about the repository is no object")
        return found

    def rules(self, branch: str) -> list[dict[str, Any]]:
        """The active rules of a branch, from all rulesets of the repository and of its organization."""
        return [rule for rule in self._pages(f"/rules/branches/{part(branch)}") if isinstance(rule, dict)]

    def protected(self, branch: str) -> dict[str, Any]:
        """The branch, with what it shows of its classic protection.

        Raises:
            Malformed: if it is protected and does not show how.
        """
        found = self._get(f"/branches/{part(branch)}")
        if not isinstance(found, dict) or (found.get("protected") and "protection" not in found):
            raise Malformed(f"GitHub does not show how `{branch}` is protected")
        return found

    def required(self, branch: str) -> tuple[RequiredCheck, ...]:
        """The checks that the branch requires."""
        described = self.protected(branch)
        return read_rules(self.rules(branch), described, ()).checks

    def branch(self, branch: str) -> Branch:
        """What the branch demands besides checks. Of classic protection only as much as the token may see."""
        rules = self.rules(branch)
        classic = self._classic(branch)
        reviews = [dig(rule, "parameters") or {} for rule in rules if rule.get("type") == "pull_request"]
        reviews.append(dig(classic, "required_pull_request_reviews") or {})
        allowed = [
            frozenset(map(str, one["allowed_merge_methods"]))
            for one in reviews
            if "allowed_merge_methods" in one
        ]
        return Branch(
            approvals=max(int(one.get("required_approving_review_count") or 0) for one in reviews),
            code_owner_review=any(
                one.get("require_code_owner_review") or one.get("require_code_owner_reviews")
                for one in reviews
            ),
            merge_queue=any(rule.get("type") == "merge_queue" for rule in rules),
            merge_methods=frozenset.intersection(*allowed) if allowed else None,
            locked=bool(dig(classic, "lock_branch", "enabled")),
        )

    def _classic(self, branch: str) -> dict[str, Any]:
        """Classic protection as administrators see it; empty where there is none.

        Raises:
            Malformed: if there is one and the token may not see it.
        """
        if not dig(self.protected(branch), "protection", "enabled"):
            return {}
        try:
            found = self._get(f"/branches/{part(branch)}/protection")
        except GithubException as fault:
            why = "only an administrator's GITHUB_TOKEN shows classic protection in full"
            raise Malformed(f"{why} ({explained(fault)})") from fault
        return found if isinstance(found, dict) else {}

    def bypasses(self, branch: str, app_id: int | None, *, as_app: bool) -> bool:
        """Whether the App may bypass one of the branch's rulesets: seen as the App itself, or in the bypass lists.

        Raises:
            Malformed: if GitHub does not show it to this token.
        """
        for number in sorted(
            {int(rule["ruleset_id"]) for rule in self.rules(branch) if "ruleset_id" in rule}
        ):
            ruleset = self._get(f"/rulesets/{number}?includes_parents=true")
            own, listed = dig(ruleset, "current_user_can_bypass"), dig(ruleset, "bypass_actors")
            if as_app and isinstance(own, str):
                if own != "never":
                    return True
            elif isinstance(listed, list) and app_id is not None:
                if any(_is_app(entry, app_id) for entry in listed):
                    return True
            else:
                raise Malformed("only the App itself or an administrator sees the bypass list")
        return False

    def workflows(self, branch: str) -> tuple[WorkflowFile, ...]:
        """The workflow files on a branch."""
        try:
            listed = self._get(f"/contents/{WORKFLOWS}?ref={part(branch)}")
        except GithubException as fault:
            if fault.status == NOT_FOUND:
                return ()
            raise
        names = [str(item.get("path")) for item in listed if isinstance(item, dict)] if listed else []
        paths = [path for path in names if path.endswith((".yml", ".yaml"))]
        if len(paths) > MOST_WORKFLOWS:
            raise Malformed(f"there are more than {MOST_WORKFLOWS} workflow files")
        return tuple(read_workflow(path, self.text(path, branch) or b"") for path in paths)

    def text(self, path: str, ref: str) -> bytes | None:
        """The bytes of a file at `ref`; None if there is no such file."""
        try:
            found = self._get(f"/contents/{part(path)}?ref={part(ref)}")
        except GithubException as fault:
            if fault.status == NOT_FOUND:
                return None
            raise
        if dig(found, "encoding") != "base64":
            raise Malformed(f"`{path}` is no file that GitHub shows in one answer")
        try:
            return base64.b64decode(str(found.get("content", "")))
        except binascii.Error as fault:
            raise Malformed(f"GitHub's answer for `{path}` is not base64") from fault

    def policy(self, branch: str) -> bytes | None:
        """The policy's bytes on the branch; None if there is none."""
        return self.text(POLICY_PATH, branch)

    def code_owners(self, branch: str) -> str | None:
        """Where the CODEOWNERS file is; None if there is none."""
        places = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
        return next((path for path in places if self.text(path, branch) is not None), None)

    def reporters(self, branch: str) -> dict[str, frozenset[str]]:
        """Who reported each check of late: by its name, the slugs of apps, or `status` for a commit status."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for sha in self._recent(branch):
            for run in self._pages(f"/commits/{sha}/check-runs", key="check_runs"):
                found[str(dig(run, "name"))].add(str(dig(run, "app", "slug")))
            for status in self._pages(f"/commits/{sha}/statuses"):
                found[str(dig(status, "context"))].add("status")
        return {name: frozenset(apps) for name, apps in found.items()}

    def production(self, branch: str, days: int) -> Production:
        """How rollouts showed themselves in the last `days`."""
        since = datetime.fromtimestamp(self._clock(), UTC) - timedelta(days=days)
        seen = [
            Delivered(str(dig(one, "environment")), self._state(one))
            for one in self._pages("/deployments", limit=MOST_DEPLOYMENTS)
            if datetime.fromisoformat(str(dig(one, "created_at"))) >= since
        ]
        contexts = {
            str(dig(status, "context"))
            for sha in self._recent(branch)
            for status in self._pages(f"/commits/{sha}/statuses")
        }
        return Production(days, tuple(seen), frozenset(contexts))

    def may_write(self, login: str) -> bool:
        """True if the account may write here; False also if there is no such account."""
        try:
            found = self._get(f"/collaborators/{part(login)}/permission")
        except GithubException as fault:
            if fault.status == NOT_FOUND:
                return False
            raise
        return dig(found, "permission") in {"write", "admin"}

    def successes(self, workflow: str, branch: str) -> int:
        """How many of the newest runs of a workflow file on the branch succeeded; 0 if there is no such file."""
        path = f"/actions/workflows/{part(workflow)}/runs"
        try:
            runs = list(self._pages(path, key="workflow_runs", limit=RECENT_RUNS, branch=branch))
        except GithubException as fault:
            if fault.status == NOT_FOUND:
                return 0
            raise
        return sum(dig(run, "conclusion") == "success" for run in runs)

    def resolve(self, branch: str, ref: str) -> str | None:
        """The commit that `ref` names, if it is part of `branch`; a SHA may also name a commit of a fork."""
        try:
            sha = dig(self._get(f"/commits/{part(ref)}"), "sha")
            compared = self._get(f"/compare/{part(str(sha))}...{part(branch)}")
        except GithubException as fault:
            if fault.status in NO_SUCH:
                return None
            raise
        return str(sha) if dig(compared, "status") in {"ahead", "identical"} else None

    def actions_app(self) -> int:
        """The number of the app that workflows report as; on GitHub Enterprise Server it is another one."""
        number = dig(get(self._github, f"/apps/{ACTIONS}"), "id")
        if not isinstance(number, int):
            raise Malformed("GitHub does not say which app GitHub Actions is")
        return number

    def _recent(self, branch: str) -> list[str]:
        """The newest commits of the branch, and the heads of the newest pull requests into it."""
        commits = [dig(one, "sha") for one in self._pages("/commits", limit=RECENT_COMMITS, sha=branch)]
        pulls = self._pages("/pulls", limit=RECENT_PULLS, state="all", base=branch)
        heads = [dig(one, "head", "sha") for one in pulls]
        return [str(sha) for sha in dict.fromkeys([*commits, *heads]) if sha]

    def _state(self, deployment: Any) -> str:
        statuses = list(self._pages(f"/deployments/{int(deployment['id'])}/statuses", limit=1))
        return str(dig(statuses[0], "state")) if statuses else ""

    def _get(self, path: str) -> Any:
        return get(self._github, self._root + path)

    def _pages(self, path: str, *, key: str | None = None, limit: int = 1000, **query: Any) -> Iterator[Any]:
        return pages(self._github, self._root + path, key=key, limit=limit, **query)


def _is_app(entry: Any, app_id: int) -> bool:
    return (dig(entry, "actor_type"), dig(entry, "actor_id")) == ("Integration", app_id)
