"""What GitHub says now, read with PyGithub: bounded in time, and never believed when it is incomplete."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import github
import requests
from github.GithubRetry import GithubRetry

from app.verify.gates.entry import Account
from app.verify.gates.live import CheckRun, Jobs, Pull, is_settled

_SECONDS = 15
_TRIES = 3
_BACKOFF_SECONDS = 0.5
_LONGEST_RATE_WAIT = 120
_POLL_SECONDS = 10.0
# What PyGithub raises: answers that are refusals or no JSON, answers of another shape, and broken connections.
_FAULTS = (
    github.GithubException,
    requests.RequestException,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    AssertionError,
)


class GitHubApi:
    """One repository, with the workflow's own token. Every call answers in the end; what fails is a sentence."""

    def __init__(self, address: str, token: str, repository: str) -> None:
        retry = GithubRetry(
            total=_TRIES, backoff_factor=_BACKOFF_SECONDS, max_rate_limit_wait=_LONGEST_RATE_WAIT
        )
        self._github = github.Github(
            auth=github.Auth.Token(token),
            base_url=address,
            timeout=_SECONDS,
            retry=retry,
            per_page=100,
            seconds_between_requests=None,
        )
        self._name = repository

    def pull(self, number: int, sha: str, bot_login: str) -> Pull | str:
        """The pull request, the commit `sha` and the bot's account as they are now, or why they are not known."""
        try:
            repository = self._github.get_repo(self._name)
            pull = repository.get_pull(number).raw_data
            commit = repository.get_commit(sha).raw_data
            bot = _account(self._github.get_user(bot_login).raw_data)
            return _pull(pull, commit, bot)
        except _FAULTS as fault:
            return f"GitHub's answer is missing: {_brief(fault)}"

    def check_runs(self, sha: str) -> tuple[CheckRun, ...] | str:
        """The newest check run of every name and app on the commit, or why they are not known."""
        try:
            runs = self._github.get_repo(self._name).get_commit(sha).get_check_runs(filter="latest")
            return tuple(_check_run(run.raw_data) for run in runs)
        except _FAULTS as fault:
            return f"GitHub's answer is missing: {_brief(fault)}"

    def wait_for(
        self,
        required: tuple[str, ...],
        head: str,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Jobs:
        """The named jobs as they are once all have ended, or one has ended badly, or the time is over."""
        until = clock() + seconds
        while True:
            found = Jobs(head, required, self.check_runs(head) if required else ())
            left = until - clock()
            if is_settled(found) or left <= 0:
                return found
            sleep(min(_POLL_SECONDS, left))


def _pull(pull: dict[str, Any], commit: dict[str, Any], bot: Account) -> Pull:
    verification = commit["commit"]["verification"]
    return Pull(
        head=str(pull["head"]["sha"]),
        base_ref=str(pull["base"]["ref"]),
        is_open=pull["state"] == "open",
        armed=pull["auto_merge"] is not None,
        author=_account(pull["user"]),
        bot=bot,
        commit_author=_known(commit["author"]),
        committer=_known(commit["committer"]),
        verified=verification["verified"] is True,
        reason=str(verification["reason"]),
        armed_by=_known((pull["auto_merge"] or {}).get("enabled_by")),
    )


def _account(data: dict[str, Any]) -> Account:
    number = data["id"]
    if not isinstance(number, int):
        raise TypeError("an account without an id")
    return Account(number, str(data["login"]), str(data["type"]))


def _known(data: dict[str, Any] | None) -> Account | None:
    return _account(data) if data else None


def _check_run(data: dict[str, Any]) -> CheckRun:
    conclusion = data["conclusion"]
    return CheckRun(
        name=str(data["name"]),
        app=str((data["app"] or {}).get("slug", "")),
        head=str(data["head_sha"]),
        status=str(data["status"]),
        conclusion=None if conclusion is None else str(conclusion),
    )


def _brief(fault: Exception) -> str:
    if isinstance(fault, github.GithubException):
        data = fault.data
        message = data.get("message") if isinstance(data, dict) else None
        return f"{fault.status} {message or ''}".strip()
    return type(fault).__name__
