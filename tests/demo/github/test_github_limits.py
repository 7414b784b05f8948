"""ETags, pages, rate limits, and API calls that fail before or after they took effect."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

_REPO = "/repos/acme/shop"


async def test_an_unchanged_answer_is_304_and_free(world: Any) -> None:
    token = await world.app_token()
    first = await world.call("GET", _REPO, token)
    etag = first.headers["ETag"]
    assert not etag.startswith("W/")
    again = await world.call("GET", _REPO, token, If_None_Match=etag)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"]
    world.github.open_issue("acme/shop", login="bob", title="New")
    changed = await world.call("GET", _REPO, token, If_None_Match=etag)
    assert changed.status_code == 200


async def test_the_limit_counts_down_per_token_and_resets(world: Any) -> None:
    token, other = await world.app_token(), await world.app_token()
    headers = (await world.call("GET", _REPO, token)).headers
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("5000", "4999")
    world.github.limit(token, remaining=1)
    assert (await world.call("GET", _REPO, token)).headers["X-RateLimit-Remaining"] == "0"
    spent = await world.call("GET", _REPO, token)
    assert (spent.status_code, spent.headers["X-RateLimit-Remaining"]) == (403, "0")
    assert spent.json()["message"].startswith("API rate limit exceeded for user ID 900001")
    assert (await world.call("GET", _REPO, other)).status_code == 200
    rate = (await world.call("GET", "/rate_limit", token)).json()["rate"]
    assert rate["remaining"] == 0
    assert rate["reset"] == int(headers["X-RateLimit-Reset"]) == int(world.clock()) + 3600


async def test_a_secondary_limit_hits_writes_only(world: Any) -> None:
    token = await world.app_token()
    world.github.faults.secondary_limit(retry_after=30)
    assert (await world.call("GET", _REPO, token)).status_code == 200
    limited = await world.call("POST", f"{_REPO}/issues", token, {"title": "x"})
    assert (limited.status_code, limited.headers["Retry-After"]) == (403, "30")
    assert "secondary rate limit" in limited.json()["message"]
    assert (await world.call("POST", f"{_REPO}/issues", token, {"title": "x"})).status_code == 201


async def test_a_502_may_have_merged(world: Any) -> None:
    token = await world.app_token()
    world.push("fix", {"app.py": "a = 2\n"})
    number = (await world.open_pull(token))["number"]
    path = f"{_REPO}/pulls/{number}/merge"
    world.github.faults.fail("PUT", r"/merge$", 503)
    world.github.faults.fail("PUT", r"/merge$", 502, after=True)
    assert (await world.call("PUT", path, token, {})).status_code == 503
    assert not world.repo.pulls[number].merged_at
    assert (await world.call("PUT", path, token, {})).status_code == 502
    assert world.repo.pulls[number].merged_at
    assert (await world.call("PUT", path, token, {})).status_code == 405


async def test_the_line_may_be_cut(world: Any) -> None:
    token = await world.app_token()
    world.github.faults.fail("POST", "/issues$", None, after=True)
    with pytest.raises(httpx.TransportError):
        await world.call("POST", f"{_REPO}/issues", token, {"title": "x"})
    assert [issue.title for issue in world.repo.issues.values()] == ["x"]


async def test_lists_come_in_pages_with_links(world: Any) -> None:
    token = await world.app_token()
    for number in range(5):
        world.github.open_issue("acme/shop", login="bob", title=str(number))
    path, titles, links = f"{_REPO}/issues?per_page=2", list[str](), list[set[str]]()
    while path:
        answer = await world.call("GET", path, token)
        titles += [item["title"] for item in answer.json()]
        links.append(set(answer.links))
        path = answer.links.get("next", {}).get("url", "")
    assert titles == ["4", "3", "2", "1", "0"]
    assert links == [{"next", "last"}, {"prev", "next", "last", "first"}, {"prev", "first"}]


async def test_every_call_is_in_the_journal(world: Any) -> None:
    token = await world.app_token()
    await world.call("POST", f"{_REPO}/issues", token, {"title": "x"})
    last = world.github.journal[-1]
    assert (last.method, last.route, last.caller) == ("POST", "/repos/{owner}/{repo}/issues", "autofix[bot]")
    assert (last.sent, last.status, last.answer["number"]) == ({"title": "x"}, 201, 1)
    unknown = await world.call("GET", "/nothing", token)
    assert (unknown.status_code, unknown.json()["message"]) == (404, "Not Found")
    assert unknown.headers["X-GitHub-Request-Id"]
    assert unknown.headers["X-GitHub-Api-Version-Selected"] == "2022-11-28"
    broken = await world.http.post(
        f"{_REPO}/issues", content=b"{", headers={"Authorization": f"Bearer {token}"}
    )
    assert (broken.status_code, broken.json()["message"]) == (400, "Problems parsing JSON")
