"""Roll the pushed commit out: a canary takes part of the traffic, and its success rate decides.

The first version ever goes straight to all of the traffic. Every step is reported as a GitHub deployment.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

ENVIRONMENT = "production"
CANARY_PERCENT = int(os.environ.get("CANARY_PERCENT", "25"))
CANARY_REQUESTS = int(os.environ.get("CANARY_REQUESTS", "40"))  # as many as the verdict needs
CANARY_SECONDS = float(os.environ.get("CANARY_SECONDS", "90"))  # and no longer than this
SUCCESS_RATE = float(os.environ.get("SUCCESS_RATE", "0.99"))
POLL_SECONDS = 0.5
LONGEST_DESCRIPTION = 140


class Refused(Exception):
    """The platform or GitHub answered with an error."""


def call(method, url, body=None, token=None):
    headers = {"Accept": "application/json", "Content-Type": "application/json", "User-Agent": "shop-rollout"}
    if token:
        headers |= {"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": "2022-11-28"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        raise Refused(f"{method} {url}: {error.code} {error.read(4000).decode(errors='replace')}") from error
    except OSError as error:
        raise Refused(f"{method} {url}: {error}") from error
    return json.loads(text) if text else None


@dataclass
class GitHub:
    api: str
    repository: str
    token: str
    deployment: int = 0

    def create_deployment(self, sha):
        answer = call(
            "POST",
            f"{self.api}/repos/{self.repository}/deployments",
            {
                "ref": sha,
                "environment": ENVIRONMENT,
                "description": "Rollout with a canary",
                "auto_merge": False,
                "required_contexts": [],
                "production_environment": True,
            },
            self.token,
        )
        self.deployment = answer["id"]

    def report(self, state, description):
        print(f"{state}: {description}", flush=True)
        call(
            "POST",
            f"{self.api}/repos/{self.repository}/deployments/{self.deployment}/statuses",
            {"state": state, "description": description[:LONGEST_DESCRIPTION], "environment": ENVIRONMENT},
            self.token,
        )


@dataclass
class Platform:
    url: str

    def stable(self):
        """The version that has most of the traffic, if there is one."""
        traffic = call("GET", f"{self.url}/status")["traffic"]
        return max(traffic, key=traffic.get) if traffic else None

    def start(self, sha):
        call("POST", f"{self.url}/versions", {"sha": sha})

    def stop(self, sha):
        call("DELETE", f"{self.url}/versions/{sha}")

    def split(self, traffic):
        call("PUT", f"{self.url}/traffic", traffic)

    def counts(self, sha, since):
        version = call("GET", f"{self.url}/metrics?since={since}")["versions"].get(sha, {})
        return version.get("requests", 0), version.get("errors", 0)


def watch(platform, sha):
    """True and what was seen once the canary has served enough requests well; False and why not otherwise."""
    since = time.time()
    requests = errors = 0
    while time.time() - since < CANARY_SECONDS:
        requests, errors = platform.counts(sha, since)
        if requests >= CANARY_REQUESTS:
            break
        time.sleep(POLL_SECONDS)
    seen = f"{errors} of {requests} canary requests failed"
    if requests < CANARY_REQUESTS:
        return False, f"too little traffic to judge: {seen}, {CANARY_REQUESTS} requests were needed"
    if (requests - errors) / requests < SUCCESS_RATE:
        return False, f"{seen}; at least {SUCCESS_RATE:.0%} must succeed"
    return True, seen


def roll_out(github, platform, sha):
    """True if the commit serves all of the traffic afterwards."""
    github.create_deployment(sha)
    stable = platform.stable()
    try:
        github.report("in_progress", "Starting the new version")
        platform.start(sha)
        if stable is None or stable == sha:
            platform.split({sha: 100})
            github.report("success", "Serves 100% of the traffic")
            return True
        platform.split({sha: CANARY_PERCENT, stable: 100 - CANARY_PERCENT})
        github.report("in_progress", f"Canary serves {CANARY_PERCENT}% of the traffic")
        healthy, seen = watch(platform, sha)
        if healthy:
            platform.split({sha: 100})
            github.report("success", f"Promoted to 100%: {seen}")
            platform.stop(stable)
            return True
        platform.split({stable: 100})
        platform.stop(sha)
        github.report("failure", f"Rolled back: {seen}")
    except Refused as error:
        print(error, file=sys.stderr)
        undo(platform, sha, stable)
        github.report("failure", "Rolled back: the rollout could not be completed, see the log")
    return False


def undo(platform, sha, stable):
    """Leave the platform as it was, as far as it still answers."""
    if stable is None or stable == sha:
        return
    try:
        platform.split({stable: 100})
        platform.stop(sha)
    except Refused as error:
        print(error, file=sys.stderr)


def main():
    github = GitHub(
        os.environ.get("GITHUB_API_URL", "https://api.github.com"),
        os.environ["GITHUB_REPOSITORY"],
        os.environ["GITHUB_TOKEN"],
    )
    return 0 if roll_out(github, Platform(os.environ["PLATFORM_URL"]), os.environ["GITHUB_SHA"]) else 1


if __name__ == "__main__":
    sys.exit(main())
