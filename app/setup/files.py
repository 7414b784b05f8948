"""The two files that a repository needs: a careful policy, and the workflow that verifies fixes. Pure.

Their words have one source each: the commented example policy, and the workflow of the sample repository.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import yaml

from app.core.category import CATEGORIES
from app.core.errors import PolicyError
from app.core.policy import POLICY_PATH, parse_policy
from app.doctor.workflow_files import read_workflow
from app.packaged import HERE, SAMPLE

WORKFLOW_PATH = ".github/workflows/autofix.yml"
SLUG = re.compile(r"[a-z0-9_][a-z0-9_-]{0,99}")
_GUESSED = " # guessed from the repository's name: is it right?"


def files(organization: str | None, projects: tuple[str, ...], repository: str) -> dict[str, str]:
    """What each file holds; a Sentry slug that is not given is guessed from the repository's name, and says so.

    Raises:
        PolicyError: if our own parser would not take the policy.
    """
    policy = policy_text(organization, projects, repository)
    parse_policy(policy.encode("utf-8"))
    return {POLICY_PATH: policy, WORKFLOW_PATH: workflow_text()}


def policy_text(organization: str | None, projects: tuple[str, ...], repository: str) -> str:
    """The example policy, cut to what matters at first: shadow mode, and nothing above a proposal."""
    owner, _, name = repository.partition("/")
    org = _scalar(organization or guess(owner)) + ("" if organization else _GUESSED)
    listed = f"[{', '.join(map(_scalar, projects or (guess(name),)))}]" + ("" if projects else _GUESSED)
    values = {
        "version": "version: 1",
        "enabled": "enabled: true",
        "shadow": "shadow: true",
        "sentry": f"sentry:\n  organization: {org}\n  projects: {listed}",
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


def checked_slug(value: str) -> str:
    """`value`, which is a slug of Sentry.

    Raises:
        PolicyError: if it is none.
    """
    if SLUG.fullmatch(value) is None:
        raise PolicyError(f"{value!r} is no slug of Sentry: lower-case letters, digits, - and _")
    return value


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
