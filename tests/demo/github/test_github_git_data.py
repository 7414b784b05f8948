"""The Git database is a real repository: what the API writes, git reads, and the other way round."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Any

_GIT = "/repos/acme/shop/git"


def git(*arguments: str, cwd: Path) -> str:
    identity = ("-c", "user.name=Alice", "-c", "user.email=alice@example.com")
    done = subprocess.run(["git", *identity, *arguments], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout.strip()


async def commit(world: Any, token: str, entries: Any, **more: Any) -> Any:
    head = world.repo.git.branch("main")
    tree = await world.call("POST", f"{_GIT}/trees", token, {"base_tree": head, "tree": entries})
    assert tree.status_code == 201, tree.text
    body = {"message": "Fix", "tree": tree.json()["sha"], "parents": [head], **more}
    answer = await world.call("POST", f"{_GIT}/commits", token, body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_what_the_api_writes_git_clones(world: Any, tmp_path: Path) -> None:
    token = await world.app_token()
    content = base64.b64encode(b"#!/bin/sh\n").decode()
    blob = await world.call("POST", f"{_GIT}/blobs", token, {"content": content, "encoding": "base64"})
    entries = [
        {"path": "bin/run", "mode": "100755", "type": "blob", "sha": blob.json()["sha"]},
        {"path": "src/app/x.py", "mode": "100644", "type": "blob", "content": "x = 1\n"},
        {"path": "README.md", "mode": "100644", "type": "blob", "sha": None},
    ]
    made = await commit(world, token, entries)
    body = {"ref": "refs/heads/autofix/1/x", "sha": made["sha"]}
    assert (await world.call("POST", f"{_GIT}/refs", token, body)).status_code == 201
    again = await world.call("POST", f"{_GIT}/refs", token, body)
    assert (again.status_code, again.json()["message"]) == (422, "Reference already exists")

    read = await world.call("GET", f"{_GIT}/commits/{made['sha']}", token)
    assert read.json() == made
    stored = await world.call("GET", f"{_GIT}/blobs/{blob.json()['sha']}", token)
    assert (stored.json()["size"], base64.b64decode(stored.json()["content"])) == (10, b"#!/bin/sh\n")

    git("clone", "-q", "-b", "autofix/1/x", str(world.repo.git_dir), "clone", cwd=tmp_path)
    clone = tmp_path / "clone"
    assert sorted(git("ls-files", cwd=clone).splitlines()) == ["app.py", "bin/run", "src/app/x.py"]
    assert (clone / "bin/run").stat().st_mode & 0o111
    assert git("rev-parse", "HEAD", cwd=clone) == made["sha"]
    assert git("fsck", "--strict", cwd=clone) == ""
    tree = await world.call("GET", f"{_GIT}/trees/{made['sha']}?recursive=1", token)
    modes = {item["path"]: item["mode"] for item in tree.json()["tree"]}
    assert modes == {
        "app.py": "100644",
        "bin": "040000",
        "bin/run": "100755",
        "src": "040000",
        "src/app": "040000",
        "src/app/x.py": "100644",
    }


async def test_only_what_github_signs_is_verified(world: Any) -> None:
    token = await world.app_token()
    entries = [{"path": "x", "mode": "100644", "type": "blob", "content": "1"}]
    signed = await commit(world, token, entries)
    assert signed["verification"]["verified"]
    assert signed["author"]["name"] == "autofix[bot]"
    assert signed["author"]["email"] == "900001+autofix[bot]@users.noreply.github.com"
    own = {"name": "Me", "email": "me@example.com", "date": "2026-01-01T00:00:00+02:00"}
    unsigned = await commit(world, token, entries, author=own)
    assert not unsigned["verification"]["verified"]
    assert unsigned["author"]["date"] == "2025-12-31T22:00:00Z"


async def test_refs_move_forward_only_unless_forced(world: Any) -> None:
    token = await world.app_token()
    first = world.repo.git.branch("main")
    second = world.push("fix", {"x": "1"})
    ref = f"{_GIT}/refs/heads/fix"
    assert (await world.call("GET", f"{_GIT}/ref/heads/fix", token)).json()["object"]["sha"] == second
    answer = await world.call("PATCH", ref, token, {"sha": first})
    assert (answer.status_code, answer.json()["message"]) == (422, "Update is not a fast-forward")
    assert (await world.call("PATCH", ref, token, {"sha": first, "force": True})).status_code == 200
    listed = await world.call("GET", f"{_GIT}/matching-refs/heads/f", token)
    assert [item["ref"] for item in listed.json()] == ["refs/heads/fix"]
    assert (await world.call("DELETE", ref, token)).status_code == 204
    assert (await world.call("GET", f"{_GIT}/ref/heads/fix", token)).status_code == 404


async def test_workflow_files_need_their_own_permission(world: Any) -> None:
    token = await world.app_token()
    entries = [{"path": ".github/workflows/ci.yml", "mode": "100644", "type": "blob", "content": "on: push"}]
    made = await commit(world, token, entries)
    answer = await world.call("POST", f"{_GIT}/refs", token, {"ref": "refs/heads/w", "sha": made["sha"]})
    assert answer.status_code == 403
    assert answer.json()["message"] == (
        "refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` "
        "without `workflows` permission"
    )
    person = world.user("bob")
    body = {"ref": "refs/heads/w", "sha": made["sha"]}
    assert (await world.call("POST", f"{_GIT}/refs", person, body)).status_code == 201


async def test_a_plain_git_push_is_seen(world: Any, tmp_path: Path) -> None:
    git("clone", "-q", str(world.repo.git_dir), "clone", cwd=tmp_path)
    clone = tmp_path / "clone"
    git("checkout", "-q", "-b", "feature", cwd=clone)
    (clone / "new.py").write_text("new = 1\n")
    git("add", ".", cwd=clone)
    git("commit", "-q", "-m", "Add new", cwd=clone)
    git("push", "-q", "origin", "feature", cwd=clone)
    seen: list[Any] = []
    world.github.on_event(seen.append)
    world.repo.refresh_refs(world.github.create_user("bob"))
    await world.github.settle()
    pushed = next(event for event in seen if event.name == "push")
    assert pushed.payload["ref"] == "refs/heads/feature"
    assert pushed.payload["commits"][0]["added"] == ["new.py"]
    assert pushed.payload["sender"]["login"] == "bob"
    world.repo.refresh_refs()
    await world.github.settle()
    assert [event.name for event in seen].count("push") == 1


async def test_dates_do_not_lead_the_graph_astray(world: Any) -> None:
    token = await world.app_token()
    base = world.repo.git.branch("main")
    world.clock.advance(-10_000_000)
    older = world.push("fix", {"app.py": "a = 2\n"})
    answer = await world.call("PATCH", f"{_GIT}/refs/heads/main", token, {"sha": older})
    assert answer.status_code == 200
    compared = (await world.call("GET", f"/repos/acme/shop/compare/{base}...main", token)).json()
    assert (compared["status"], compared["ahead_by"]) == ("ahead", 1)
    listed = (await world.call("GET", "/repos/acme/shop/commits", token)).json()
    assert [item["sha"] for item in listed] == [older, base]


async def test_contents_commits_and_comparisons(world: Any) -> None:
    token = await world.app_token()
    base = "/repos/acme/shop"
    shown = (await world.call("GET", f"{base}/contents/app.py", token)).json()
    assert base64.b64decode(shown["content"]).startswith(b"a = 1")
    raw = await world.call("GET", f"{base}/contents/app.py", token, Accept="application/vnd.github.raw+json")
    assert raw.text.startswith("a = 1")
    listed = (await world.call("GET", f"{base}/contents", token)).json()
    assert [item["name"] for item in listed] == ["README.md", "app.py"]
    assert (await world.call("GET", f"{base}/contents/none.py", token)).status_code == 404
    body = {"message": "Add", "content": base64.b64encode(b"n = 1\n").decode(), "branch": "main"}
    made = await world.call("PUT", f"{base}/contents/pkg/n.py", token, body)
    assert made.status_code == 201
    stale = await world.call("PUT", f"{base}/contents/app.py", token, {**body, "sha": "0" * 40})
    assert stale.status_code == 409
    sha = made.json()["commit"]["sha"]
    one = (await world.call("GET", f"{base}/commits/{sha}", token)).json()
    assert one["files"][0]["patch"] == "@@ -0,0 +1 @@\n+n = 1"
    assert one["author"]["login"] == "autofix[bot]"
    touched = (await world.call("GET", f"{base}/commits?path=pkg/n.py", token)).json()
    assert [item["sha"] for item in touched] == [sha]
    world.push("side", {"side.py": "1\n"})
    compared = (await world.call("GET", f"{base}/compare/main...side", token)).json()
    assert (compared["status"], compared["ahead_by"], compared["behind_by"]) == ("ahead", 1, 0)
    assert [item["filename"] for item in compared["files"]] == ["side.py"]
    branch = (await world.call("GET", f"{base}/branches/side", token)).json()
    assert (branch["protected"], branch["commit"]["sha"]) == (False, world.repo.git.branch("side"))
    assert len((await world.call("GET", f"{base}/branches", token)).json()) == 2
