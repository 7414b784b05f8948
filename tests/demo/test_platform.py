"""Versions side by side, traffic split by weight, counts, the rollout script, and no process left behind."""

from __future__ import annotations

import asyncio
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from app.demo.keeper import family, processes
from app.demo.platform import Platform, Traffic
from app.demo.platform.metrics import Metrics
from app.demo.platform.traffic import MixUnreadable, fill, mix_in_repository, parse_mix

SAMPLE = Path(__file__).parents[2] / "app" / "demo" / "sample"
GUARD = "    if customer.membership is None:\n        return 0\n    percent = "
GUEST = {"customer": "c-1003", "lines": [{"sku": "pan", "quantity": 1}]}


def git(folder: Path, *arguments: str) -> str:
    identity = {f"GIT_{who}_{what}": "x@y" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **identity},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@dataclass(frozen=True)
class Shop:
    git_dir: Path
    buggy: str
    fixed: str
    broken: str


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("shop")
    clone = root / "clone"
    shutil.copytree(SAMPLE, clone)
    git(clone, "init", "--quiet", "--initial-branch=main")
    commits = []
    failing = clone / "shop" / "checkout.py"
    for change in (lambda text: text, lambda text: text.replace("    percent = ", GUARD), lambda _: "1 +"):
        failing.write_text(change(failing.read_text()))
        git(clone, "add", "--all")
        git(clone, "commit", "--quiet", "--allow-empty", "--message", "Change")
        commits.append(git(clone, "rev-parse", "HEAD"))
    git(root, "clone", "--quiet", "--bare", str(clone), "shop.git")
    git(root / "shop.git", "update-ref", "refs/heads/main", commits[0])
    return Shop(root / "shop.git", *commits)


@dataclass
class Client:
    platform: Platform
    session: aiohttp.ClientSession

    async def admin(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        async with self.session.request(
            method, self.platform.url + path, json=body, headers=headers
        ) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text.startswith(("{", "[")) else text

    async def proxy(self, method: str, path: str, body: Any = None) -> tuple[int, Any, str | None]:
        async with self.session.request(method, self.platform.proxy_url + path, json=body) as answer:
            text = await answer.text()
            body = json.loads(text) if text.startswith(("{", "[")) else text
            return answer.status, body, answer.headers.get("X-Version")


@pytest.fixture
async def client(shop: Shop, tmp_path: Path) -> AsyncIterator[Client]:
    platform = Platform(shop.git_dir, tmp_path / "platform", variables={})
    await platform.start()
    async with aiohttp.ClientSession() as session:
        yield Client(platform, session)
    await platform.stop()


async def test_versions_start_serve_share_traffic_and_stop(client: Client, shop: Shop) -> None:
    assert (await client.proxy("GET", "/products"))[0] == 503
    status, started = await client.admin("POST", "/versions", {"sha": shop.buggy})
    assert (status, started["release"]) == (201, f"shop@{shop.buggy}")
    assert (await client.admin("POST", "/versions", {"sha": shop.buggy}))[0] == 200
    assert (await client.admin("POST", "/versions", {"sha": shop.fixed}))[0] == 201
    assert (await client.admin("PUT", "/traffic", {shop.buggy: 75, shop.fixed: 25}))[0] == 200
    seen: dict[str | None, set[int]] = {}
    for _ in range(60):
        code, _, version = await client.proxy("POST", "/checkout", GUEST)
        seen.setdefault(version, set()).add(code)
    assert seen == {shop.buggy: {500}, shop.fixed: {201}}
    state = (await client.admin("GET", "/status"))[1]
    counts = {item["sha"]: (item["requests"], item["errors"]) for item in state["versions"]}
    assert sum(requests for requests, _ in counts.values()) == 60
    assert counts[shop.buggy][0] == counts[shop.buggy][1] > 30
    assert 5 < counts[shop.fixed][0] < 30
    assert counts[shop.fixed][1] == 0
    assert state["traffic"] == {shop.buggy: 75, shop.fixed: 25}
    future = (await client.admin("GET", f"/metrics?since={time.time() + 60}"))[1]
    assert future["versions"][shop.buggy] == {"requests": 0, "errors": 0}
    assert (await client.admin("DELETE", f"/versions/{shop.buggy}"))[0] == 409
    await client.admin("PUT", "/traffic", {shop.fixed: 100})
    assert (await client.admin("DELETE", f"/versions/{shop.buggy}"))[0] == 204
    assert [item["sha"] for item in client.platform.status()["versions"]] == [shop.fixed]


async def test_the_proxy_passes_answers_on_unchanged(client: Client, shop: Shop) -> None:
    await client.admin("POST", "/versions", {"sha": shop.buggy})
    await client.admin("PUT", "/traffic", {shop.buggy: 100})
    assert [item["sku"] for item in (await client.proxy("GET", "/products?q=pan"))[1]] == ["pan"]
    assert (await client.proxy("GET", "/products/teapot"))[0] == 404
    body = {"customer": "c-1001", "lines": [{"sku": "mug", "quantity": 2}]}
    status, answer, version = await client.proxy("POST", "/checkout", body)
    assert (status, version) == (201, shop.buggy)
    assert "Stoneware mug" in answer["receipt"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "/versions", {"sha": "main"}, 422, "40 hexadecimal"),
        ("POST", "/versions", {"sha": "--output=/tmp/x"}, 422, "40 hexadecimal"),
        ("POST", "/versions", {"sha": "1" * 40}, 422, "cannot be checked out"),
        ("POST", "/versions", [], 400, "not a JSON object"),
        ("DELETE", f"/versions/{'1' * 40}", None, 404, "no version"),
        ("PUT", "/traffic", {"1" * 40: 100}, 422, "no version"),
        ("PUT", "/traffic", {}, 422, "sum to 100"),
        ("PUT", "/traffic", {"1" * 40: 150, "2" * 40: -50}, 422, "sum to 100"),
        ("PUT", "/traffic", {"1" * 40: "100"}, 422, "sum to 100"),
        ("GET", "/metrics?since=yesterday", None, 422, "Unix seconds"),
    ],
)
async def test_bad_orders_are_refused(
    client: Client, method: str, path: str, body: Any, status: int, words: str
) -> None:
    answered, text = await client.admin(method, path, body)
    assert answered == status
    assert words in str(text)


async def test_web_pages_cannot_drive_the_platform(client: Client) -> None:
    assert (await client.admin("GET", "/status", Origin="https://example.com"))[0] == 403
    assert (await client.admin("GET", "/status", Host="evil.example"))[0] == 403


async def test_a_version_that_does_not_become_healthy_leaves_nothing(
    client: Client, shop: Shop, tmp_path: Path
) -> None:
    status, answer = await client.admin("POST", "/versions", {"sha": shop.broken})
    assert status == 422
    assert "SyntaxError" in answer["error"]
    assert list((tmp_path / "platform" / "versions").iterdir()) == []
    assert client.platform.status()["versions"] == []


async def test_stop_leaves_no_process(shop: Shop, tmp_path: Path) -> None:
    platform = Platform(shop.git_dir, tmp_path / "platform", variables={})
    url = await platform.start()
    async with aiohttp.ClientSession() as session, session.post(f"{url}/versions", json={"sha": shop.buggy}):
        running = family(os.getpid(), set()) - {os.getpid()}
    assert len(running) == 2  # the keeper and the service
    await platform.stop()
    assert not running & set(processes())


DYING = """
import asyncio, os, sys
from pathlib import Path
import aiohttp
from app.demo.platform import Platform
async def main():
    platform = Platform(Path(sys.argv[1]), Path(sys.argv[2]), variables={})
    url = await platform.start() + "/versions"
    async with aiohttp.ClientSession() as session, session.post(url, json={"sha": sys.argv[3]}) as answer:
        print(answer.status, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def test_versions_end_even_if_the_demo_is_killed(shop: Shop, tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-c", DYING, str(shop.git_dir), str(tmp_path), shop.buggy],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert demo.stdout is not None
    assert demo.stdout.readline().strip() == "201"
    running = family(demo.pid, set()) - {demo.pid}
    assert len(running) == 2
    demo.send_signal(signal.SIGKILL)
    demo.wait()
    demo.stdout.close()
    limit = time.monotonic() + 15
    while running & set(processes()) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not running & set(processes())


def test_metrics_count_by_second_and_forget_after_an_hour() -> None:
    now = 1000.0
    metrics = Metrics(lambda: now)
    metrics.record("a", 200)
    now = 1010.0
    metrics.record("a", 500)
    metrics.record("b", 404)
    assert metrics.since(1000) == {"a": {"requests": 2, "errors": 1}, "b": {"requests": 1, "errors": 0}}
    assert metrics.since(1001)["a"] == {"requests": 1, "errors": 1}
    now = 1005.0 + 3600
    metrics.record("a", 200)
    assert metrics.since(0)["a"] == {"requests": 2, "errors": 1}
    assert metrics.totals("a") == {"requests": 3, "errors": 1}


async def test_traffic_is_the_mix_of_the_repository_at_a_bounded_rate(client: Client, shop: Shop) -> None:
    await client.admin("POST", "/versions", {"sha": shop.buggy})
    await client.admin("PUT", "/traffic", {shop.buggy: 100})
    traffic = Traffic(client.platform.proxy_url, mix_in_repository(shop.git_dir), rate=100, most_requests=150)
    started = time.monotonic()
    await traffic.start()
    await traffic.finished()
    assert time.monotonic() - started > 1.4
    assert traffic.sent == sum(traffic.answers.values()) == 150
    assert 15 < traffic.answers[500] < 48
    assert set(traffic.answers) <= {200, 201, 404, 500}
    await traffic.stop()


async def test_traffic_follows_a_changed_mix_and_survives_a_broken_one(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.demo.platform.traffic._RELOAD_SECONDS", 0.05)
    texts = [f'{{"requests": [{{"weight": 1, "method": "GET", "path": "/{name}"}}]}}' for name in ("a", "b")]
    mixes = iter([texts[0], "not JSON", texts[1]])
    paths: list[str] = []

    async def read() -> str:
        return next(mixes, texts[1])

    traffic = Traffic(
        client.platform.proxy_url,
        read,
        rate=100,
        most_seconds=0.4,
        on_answer=lambda answer: paths.append(answer.path),
    )
    await traffic.start()
    await traffic.finished()
    assert list(dict.fromkeys(paths)) == ["/a", "/b"]
    assert set(traffic.answers) == {503}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"requests": [{"weight": 1}]}', '{"requests": []}', "{" * 5]
)
def test_a_mix_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(MixUnreadable):
        parse_mix(text)


def test_choices_are_filled_in_at_any_depth() -> None:
    import random  # noqa: PLC0415

    body = {"a": {"any": [1]}, "b": [{"any": ["x"]}], "c": {"any": [], "d": 2}, "e": {"any": [{"any": [3]}]}}
    assert fill(body, random.Random(1)) == {"a": 1, "b": ["x"], "c": {"any": [], "d": 2}, "e": 3}


# The sample repository's own rollout script, against the platform and a GitHub that only takes notes.


@dataclass
class Notes:
    url: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def states(self) -> list[tuple[str, str]]:
        return [
            (body["state"], body["description"]) for path, body in self.calls if path.endswith("/statuses")
        ]


@pytest.fixture
def notes() -> Iterator[Notes]:
    taken = Notes()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.headers["Authorization"] == "Bearer secret"
            taken.calls.append((self.path, body))
            self.send_response(201)
            self.end_headers()
            self.wfile.write(b'{"id": 5}')

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    taken.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield taken
    server.shutdown()
    server.server_close()
    thread.join()


async def roll_out(client: Client, notes: Notes, sha: str, **settings: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SAMPLE / "deploy" / "rollout.py"),
        env={
            "PATH": os.environ["PATH"],
            "GITHUB_API_URL": notes.url,
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_SHA": sha,
            "GITHUB_TOKEN": "secret",
            "PLATFORM_URL": client.platform.url,
            "CANARY_REQUESTS": "50",
            **settings,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_rollouts_are_promoted_or_rolled_back_by_the_success_rate(
    client: Client, shop: Shop, notes: Notes
) -> None:
    status, output = await roll_out(client, notes, shop.buggy)
    assert (status, client.platform.traffic) == (0, {shop.buggy: 100}), output
    assert notes.states[-1] == ("success", "Serves 100% of the traffic")
    created = notes.calls[0]
    assert created[0] == "/repos/acme/shop/deployments"
    assert created[1]["ref"] == shop.buggy
    assert created[1]["auto_merge"] is False
    assert created[1]["required_contexts"] == []

    traffic = Traffic(client.platform.proxy_url, mix_in_repository(shop.git_dir), rate=120)
    await traffic.start()
    status, output = await roll_out(client, notes, shop.fixed)
    assert (status, client.platform.traffic) == (0, {shop.fixed: 100}), output
    assert notes.states[-1][0] == "success"
    assert "Promoted to 100%: 0 of" in notes.states[-1][1]

    status, output = await roll_out(client, notes, shop.buggy)
    assert (status, client.platform.traffic) == (1, {shop.fixed: 100}), output
    assert notes.states[-1][0] == "failure"
    assert "canary requests failed; at least 99% must succeed" in notes.states[-1][1]
    assert [item["sha"] for item in client.platform.status()["versions"]] == [shop.fixed]

    status, output = await roll_out(client, notes, shop.broken)
    assert (status, client.platform.traffic) == (1, {shop.fixed: 100}), output
    assert notes.states[-1] == ("failure", "Rolled back: the rollout could not be completed, see the log")
    assert "SyntaxError" in output
    await traffic.stop()


async def test_a_rollout_without_traffic_is_rolled_back(client: Client, shop: Shop, notes: Notes) -> None:
    await roll_out(client, notes, shop.buggy)
    status, _ = await roll_out(client, notes, shop.fixed, CANARY_SECONDS="1")
    assert (status, client.platform.traffic) == (1, {shop.buggy: 100})
    assert "too little traffic to judge" in notes.states[-1][1]
    assert all(len(description) <= 140 for _, description in notes.states)
