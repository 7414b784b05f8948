"""The two files that a repository needs: a careful policy, and the workflow that verifies fixes. Pure.

Their words have one source each: the commented example policy, and the workflow of the sample repository.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import yaml

from app.core.category import CATEGORIES
from app.core.errors import PolicyError
from app.core.policy import POLICY_PATH, parse_policy
from app.doctor.workflow_files import read_workflow
from app.packaged import HERE, SAMPLE

WORKFLOW_PATH = ".github/workflows/autofix.yml"
SLUG = re.compile(r"[a-z0-9_][a-z0-9_-]{0,99}")
SERVICE = re.compile(r"[A-Za-z0-9_.-]{1,100}")
NUMBER = re.compile(r"[1-9][0-9]{0,9}")
_GUESSED = " # guessed from the repository's name: is it right?"


@dataclass(frozen=True, slots=True)
class Reporters:
    """Who is to report: a Sentry organization and its projects, Datadog services, Bugsink projects, or only people."""

    organization: str | None = None
    projects: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    bugsink: tuple[str, ...] = ()
    people_only: bool = False

    def check(self) -> None:
        """Each can be the name of such a thing.

        Raises:
            PolicyError: if one cannot.
        """
        for slug in (*self.projects, *([self.organization] if self.organization is not None else [])):
            _checked(SLUG, slug, "slug of Sentry: lower-case letters, digits, - and _")
        for service in self.services:
            _checked(SERVICE, service, "name of a Datadog service: letters, digits, ., - and _")
        for number in self.bugsink:
            _checked(NUMBER, number, "number of a Bugsink project")

    def sections(self, repository: str) -> Iterator[tuple[str, str]]:
        """Their sections of the policy; Sentry's slugs are guessed where nothing else is given, and say so."""
        others = bool(self.services or self.bugsink or self.people_only)
        if self.organization or self.projects or not others:
            owner, _, name = repository.partition("/")
            org = _scalar(self.organization or guess(owner)) + ("" if self.organization else _GUESSED)
            listed = _listed(self.projects or (guess(name),)) + ("" if self.projects else _GUESSED)
            yield "sentry", f"sentry:\n  organization: {org}\n  projects: {listed}"
        if self.services:
            yield "datadog", f"datadog:\n  services: {_listed(self.services)}"
        if self.bugsink:
            yield "bugsink", f"bugsink:\n  projects: {_listed(self.bugsink)}"
        if self.people_only:
            yield "intake", "intake:\n  people_only: true # no error tracker reports here"


def files(reporters: Reporters, repository: str) -> dict[str, str]:
    """What each file holds.

    Raises:
        PolicyError: if a name cannot be one, or if our own parser would not take the policy.
    """
    reporters.check()
    policy = policy_text(reporters, repository)
    parse_policy(policy.encode("utf-8"))
    return {POLICY_PATH: policy, WORKFLOW_PATH: workflow_text()}


def policy_text(reporters: Reporters, repository: str) -> str:
    """The example policy, cut to what matters at first: shadow mode, and nothing above a proposal."""
    values = {
        "version": "version: 1",
        "enabled": "enabled: true",
        "shadow": "shadow: true",
        **dict(reporters.sections(repository)),
        "categories": "\n".join(["categories:", *(f"  {category}: propose" for category in CATEGORIES)]),
        "checks": f"checks:\n  verify: {verification()} # the required check that our Action reports",
        "observe": "observe:\n  environment: production",
    }
    comments = _comments((HERE / "core" / "policy.example.yml").read_text(encoding="utf-8"))
    sections = [f"{comments[key]}{value}" for key, value in values.items()]
    more = "# Every setting: https://github.com/autofix-app/autofix/blob/main/docs/policy.md\n"
    return "\n\n".join(sections) + "\n\n" + more


def workflow_text() -> str:
    """The workflow that verifies fixes: the sample repository's own."""
    return (SAMPLE / WORKFLOW_PATH).read_text(encoding="utf-8")


def verification() -> str:
    """The name of the check that the workflow reports."""
    jobs = read_workflow(WORKFLOW_PATH, workflow_text().encode("utf-8")).jobs
    return next(job.name for job in jobs if job.ours)


def guess(name: str) -> str:
    """The slug that Sentry would make of a name."""
    return re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-") or "unnamed"


def _checked(form: re.Pattern[str], value: str, what: str) -> None:
    if form.fullmatch(value) is None:
        raise PolicyError(f"{value!r} is no {what}")


def _listed(names: Iterable[str]) -> str:
    return f"[{', '.join(map(_scalar, names))}]"


def _comments(example: str) -> Mapping[str, str]:
    """The comment above each top-level key of the example."""
    found: dict[str, str] = {}
    above: list[str] = []
    for line in example.splitlines():
        key = re.match(r"([a-z_]+):", line)
        if key:
            found[key[1]] = "".join(f"{comment}\n" for comment in above)
        above = [*above, line] if line.startswith("#") else []
    return found


def _scalar(text: str) -> str:
    """`text` as YAML that reads as exactly this text."""
    return text if yaml.safe_load(text) == text else json.dumps(text)
