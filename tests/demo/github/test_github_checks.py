"""Check runs and suites, statuses, workflow runs and deployments."""

from __future__ import annotations

from typing import Any

_REPO = "/repos/acme/shop"


async def test_a_check_run_is_reported_step_by_step(world: Any) -> None:
    token = await world.app_token()
    sha = world.push("fix", {"app.py": "a = 2\n"})
    made = (
        await world.call("POST", f"{_REPO}/check-runs", token, {"name": "Autofix", "head_sha": sha})
    ).json()
    assert (made["status"], made["conclusion"], made["app"]["slug"]) == ("queued", None, "autofix")
    path = f"{_REPO}/check-runs/{made['id']}"
    await world.call("PATCH", path, token, {"status": "in_progress"})
    note = {"path": "app.py", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "here"}
    output = {"title": "Fixed", "summary": "One line", "annotations": [note] * 50}
    for _ in range(2):
        await world.call("PATCH", path, token, {"output": output})
    over = await world.call("PATCH", path, token, {"output": {**output, "annotations": [note] * 51}})
    assert over.status_code == 422
    bare = await world.call("PATCH", path, token, {"status": "completed"})
    assert bare.status_code == 422
    done = (await world.call("PATCH", path, token, {"conclusion": "success"})).json()
    assert (done["status"], done["output"]["annotations_count"]) == ("completed", 100)
    notes = await world.call("GET", f"{path}/annotations?per_page=100", token)
    assert len(notes.json()) == 100
    assert (await world.call("GET", path, token)).json() == done
    assert (await world.call("POST", f"{path}/rerequest", token)).status_code == 201
    assert (await world.call("PATCH", path, world.actions(), {"conclusion": "failure"})).status_code == 403
    person = await world.call(
        "POST", f"{_REPO}/check-runs", world.user("bob"), {"name": "x", "head_sha": sha}
    )
    assert (person.status_code, person.json()["message"]) == (403, "You must authenticate via a GitHub App.")
    narrow = await world.app_token(permissions={"checks": "read"})
    assert (await world.call("PATCH", path, narrow, {"conclusion": "failure"})).status_code == 403


async def test_one_suite_per_commit_and_app(world: Any) -> None:
    token = await world.app_token()
    sha = world.push("fix", {"app.py": "a = 2\n"})
    await world.check(token, sha, "a")
    await world.check(token, sha, "a", "failure")
    await world.check(world.actions(), sha, "a")
    runs = f"{_REPO}/commits/fix/check-runs"
    latest = (await world.call("GET", runs, token)).json()
    assert [(run["app"]["id"], run["conclusion"]) for run in latest["check_runs"]] == [
        (15368, "success"),
        (4242, "failure"),
    ]
    mine = (await world.call("GET", f"{runs}?app_id=4242&filter=all&check_name=a", token)).json()
    assert mine["total_count"] == 2
    suites = (await world.call("GET", f"{_REPO}/commits/{sha}/check-suites", token)).json()["check_suites"]
    assert [(suite["app"]["id"], suite["conclusion"]) for suite in suites] == [
        (4242, "failure"),
        (15368, "success"),
    ]
    one = f"{_REPO}/check-suites/{suites[0]['id']}"
    assert (await world.call("GET", one, token)).json()["head_sha"] == sha
    assert (await world.call("GET", f"{one}/check-runs", token)).json()["total_count"] == 1
    assert (await world.call("POST", f"{one}/rerequest", token)).status_code == 201
    await world.github.settle()
    asked = [item.action for item in world.github.deliveries if item.event == "check_suite"]
    assert asked.count("rerequested") == 1


async def test_statuses_add_up(world: Any) -> None:
    token, bob = await world.app_token(), world.user("bob")
    sha = world.push("fix", {"app.py": "a = 2\n"})
    path = f"{_REPO}/statuses/{sha}"
    combined = f"{_REPO}/commits/{sha}/status"
    assert (await world.call("GET", combined, token)).json()["state"] == "pending"
    for state in ("pending", "success"):
        made = await world.call("POST", path, bob, {"state": state, "context": "cd", "description": "x"})
        assert made.status_code == 201
    seen = (await world.call("GET", combined, token)).json()
    assert (seen["state"], seen["total_count"]) == ("success", 1)
    await world.call("POST", path, bob, {"state": "error", "context": "other"})
    assert (await world.call("GET", combined, token)).json()["state"] == "failure"
    assert len((await world.call("GET", f"{_REPO}/commits/{sha}/statuses", token)).json()) == 3
    assert (await world.call("POST", path, token, {"state": "success"})).status_code == 403


async def test_a_workflow_run_reports_through_checks(world: Any) -> None:
    token = await world.app_token()
    sha = world.push("fix", {"app.py": "a = 2\n"})
    number = (await world.open_pull(token))["number"]
    run = world.github.start_workflow_run(
        "acme/shop",
        name="CI",
        path=".github/workflows/ci.yml",
        event="pull_request",
        head_sha=sha,
        head_branch="fix",
        pull_numbers=[number],
    )
    job = world.github.add_job(run, "test")
    world.github.update_job(job, status="in_progress")
    steps = [{"name": "pytest", "conclusion": "failure"}]
    world.github.update_job(job, status="completed", conclusion="failure", steps=steps, log="1 failed\nbye")
    world.github.complete_run(run, "failure")
    await world.github.settle()
    names = [(item.event, item.action) for item in world.github.deliveries]
    story = [
        ("workflow_run", "requested"),
        ("check_run", "created"),
        ("workflow_run", "in_progress"),
        ("check_run", "completed"),
        ("check_suite", "completed"),
        ("workflow_run", "completed"),
    ]
    assert [name for name in names if name in story] == story
    runs = f"{_REPO}/actions/runs"
    listed = (
        await world.call("GET", f"{runs}?head_sha={sha}&event=pull_request&status=failure", token)
    ).json()
    assert [item["id"] for item in listed["workflow_runs"]] == [run.id]
    assert (await world.call("GET", f"{runs}/{run.id}", token)).json()["conclusion"] == "failure"
    jobs = (await world.call("GET", f"{runs}/{run.id}/jobs", token)).json()["jobs"]
    assert jobs[0]["steps"][0]["conclusion"] == "failure"
    log = await world.call("GET", f"{_REPO}/actions/jobs/{jobs[0]['id']}/logs", token)
    assert log.status_code == 302
    text = (await world.http.get(log.headers["Location"])).text
    assert [line.split(" ", 1)[1] for line in text.splitlines()] == ["1 failed", "bye"]
    workflows = (await world.call("GET", f"{_REPO}/actions/workflows", token)).json()
    assert workflows["workflows"][0]["path"] == ".github/workflows/ci.yml"
    assert (await world.call("POST", f"{runs}/{run.id}/rerun-failed-jobs", token)).status_code == 403
    again = await world.call("POST", f"{runs}/{run.id}/rerun-failed-jobs", world.user("bob"))
    assert (again.status_code, run.attempt, run.status) == (201, 2, "queued")
    of_file = f"{_REPO}/actions/workflows/ci.yml"
    assert (await world.call("GET", of_file, token)).json()["name"] == "CI"
    assert (await world.call("GET", f"{of_file}/runs", token)).json()["total_count"] == 1
    assert (await world.call("GET", f"{_REPO}/actions/jobs/{job.id}", token)).json()["run_id"] == run.id
    running = await world.call("POST", f"{runs}/{run.id}/rerun", world.user("bob"))
    assert running.json()["message"] == "This workflow is already running"
    checks = (await world.call("GET", f"{_REPO}/commits/{sha}/check-runs?app_id=15368", token)).json()
    assert checks["check_runs"][0]["pull_requests"][0]["number"] == number


async def test_deployments_succeed_one_another(world: Any) -> None:
    token, bob = await world.app_token(), world.user("bob")
    sha = world.repo.git.branch("main")
    path = f"{_REPO}/deployments"
    body = {"ref": "main", "environment": "production", "auto_merge": False, "payload": {"slot": 1}}
    first, second = [(await world.call("POST", path, bob, body)).json() for _ in range(2)]
    assert (first["sha"], first["production_environment"], first["payload"]) == (sha, True, {"slot": 1})
    for item in (first, second):
        for state in ("in_progress", "success"):
            sent = {"state": state, "environment_url": "https://shop.example.com", "log_url": ""}
            made = await world.call("POST", f"{path}/{item['id']}/statuses", bob, sent)
            assert made.status_code == 201
    states = (await world.call("GET", f"{path}/{first['id']}/statuses", token)).json()
    assert [item["state"] for item in states] == ["inactive", "success", "in_progress"]
    found = (await world.call("GET", f"{path}?sha={sha}&environment=production", token)).json()
    assert [item["id"] for item in found] == [second["id"], first["id"]]
    one = states[0]["id"]
    assert (await world.call("GET", f"{path}/{first['id']}/statuses/{one}", token)).json()["id"] == one
    assert (await world.call("GET", f"{path}/{first['id']}", token)).json()["task"] == "deploy"
    assert (await world.call("POST", path, token, body)).status_code == 403
    places = (await world.call("GET", f"{_REPO}/environments", token)).json()
    assert [item["name"] for item in places["environments"]] == ["production"]
    place = await world.call("GET", f"{_REPO}/environments/production", token)
    assert place.json()["name"] == "production"
    assert (await world.call("DELETE", f"{path}/{second['id']}", bob)).status_code == 422
    assert (await world.call("DELETE", f"{path}/{first['id']}", bob)).status_code == 204
    await world.github.settle()
    heard = [item for item in world.github.deliveries if item.event == "deployment_status"]
    assert [item.payload["deployment_status"]["state"] for item in heard] == ["in_progress", "success"] * 2


async def test_a_deployment_waits_for_the_required_contexts(world: Any) -> None:
    bob, sha = world.user("bob"), world.repo.git.branch("main")
    await world.check(world.actions(), sha, "ci", "failure")
    refused = await world.call("POST", f"{_REPO}/deployments", bob, {"ref": "main"})
    assert refused.status_code == 409
    body = {"ref": "main", "required_contexts": []}
    assert (await world.call("POST", f"{_REPO}/deployments", bob, body)).status_code == 201
