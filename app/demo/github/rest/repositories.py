"""Repositories, contents, branches, collaborators and labels."""

from __future__ import annotations

import base64
import binascii
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from app.demo.github import events
from app.demo.github.accounts import OLD_WORDS
from app.demo.github.errors import Refusal, conflict, invalid, not_found, unprocessable
from app.demo.github.git.objects import TREE_MODE, Entry, Signature
from app.demo.github.issues import label_named
from app.demo.github.pushes import move
from app.demo.github.render import commits as render_commits
from app.demo.github.render import repositories as render
from app.demo.github.render.accounts import HTML, simple_user
from app.demo.github.render.rules import protection_summary
from app.demo.github.rest.routing import Call, Reply, Route, created, no_content
from app.demo.github.rules import applying

_LARGEST_INLINE = 1024 * 1024


def get_repository(call: Call) -> Any:
    """`GET /repos/{owner}/{repo}`."""
    viewer = call.token.actor.user if call.token else call.repo.owner
    return render.full_repository(call.site, call.repo, viewer)


def get_repository_by_id(call: Call) -> Any:
    """`GET /repositories/{id}`."""
    number = call.number("id")
    found = (repo for repo in call.site.repositories.values() if repo.id == number)
    repo = call.visible(next(found, None))
    viewer = call.token.actor.user if call.token else repo.owner
    return render.full_repository(call.site, repo, viewer)


def _content(call: Call, path: str, entry: Entry, ref: str, *, inline: bool) -> dict[str, Any]:
    url = render.repository_url(call.site, call.repo)
    html = f"{HTML}/{call.repo.full_name}"
    kind = {TREE_MODE: "dir", 0o120000: "symlink", 0o160000: "submodule"}.get(entry.mode, "file")
    own = f"{url}/contents/{quote(path)}?ref={quote(ref, safe='')}"
    git_url = f"{url}/git/{'trees' if kind == 'dir' else 'blobs'}/{entry.sha}"
    html_url = f"{html}/{'tree' if kind == 'dir' else 'blob'}/{ref}/{quote(path)}"
    data = call.repo.git.blob(entry.sha) if kind in {"file", "symlink"} else b""
    raw = f"https://raw.githubusercontent.com/{call.repo.full_name}/{ref}/{quote(path)}"
    item: dict[str, Any] = {
        "name": PurePosixPath(path).name,
        "path": path,
        "sha": entry.sha,
        "size": len(data),
        "url": own,
        "html_url": html_url,
        "git_url": git_url,
        "download_url": raw if kind == "file" else None,
        "type": kind,
        "_links": {"self": own, "git": git_url, "html": html_url},
    }
    if inline and kind == "symlink":
        return {**item, "target": data.decode(errors="replace")}
    if inline and kind == "file":
        small = len(data) <= _LARGEST_INLINE
        item["content"] = base64.encodebytes(data).decode() if small else ""
        item["encoding"] = "base64" if small else "none"
    return item


def get_content(call: Call) -> Any:
    """`GET contents/{path}`: a file, or the list of a directory."""
    git, path = call.repo.git, call.params.get("path", "").strip("/")
    ref = call.query.get("ref", call.repo.default_branch)
    commit = git.resolve(ref)
    if commit is None:
        raise Refusal(not_found().status, f"No commit found for the ref {ref}")
    entry = git.entry(git.commit(commit).tree, path)
    if entry is None:
        raise not_found()
    if entry.mode == TREE_MODE:
        below = [(f"{path}/{name}".lstrip("/"), item) for name, item in git.tree(entry.sha)]
        return [_content(call, name, item, ref, inline=False) for name, item in below]
    if "raw" in call.headers.get("Accept", ""):
        return Reply(git.blob(entry.sha), content="application/vnd.github.raw+json; charset=utf-8")
    return _content(call, path, entry, ref, inline=True)


def put_content(call: Call) -> Reply:
    """`PUT contents/{path}`: one commit that writes one file."""
    git, path = call.repo.git, call.params["path"].strip("/")
    branch = call.text("branch", call.repo.default_branch)
    head = git.branch(branch)
    if head is None and git.refs("refs/heads/"):
        raise Refusal(not_found().status, f"Branch {branch} not found")
    files = git.files(git.commit(head).tree) if head else {}
    known, sent = files.get(path), call.optional_text("sha")
    if known is not None and sent is None:
        raise unprocessable('Invalid request.\n\n"sha" wasn\'t supplied.')
    if sent is not None and (known is None or known.sha != sent):
        raise conflict(f"{path} does not match {sent}")
    try:
        data = base64.b64decode(call.text("content"))
    except binascii.Error as error:
        raise unprocessable("content is not valid Base64") from error
    files[path] = Entry(known.mode if known else 0o100644, git.write_blob(data))
    user = call.viewer
    by = Signature(user.name or user.login, user.email or user.noreply, int(call.site.clock()))
    sha = git.write_commit(git.write_tree(files), [head] if head else [], call.text("message"), by, by)
    if call.actor.app is not None and not {"author", "committer"} & call.body.keys():
        call.repo.verified.add(sha)
    writes_workflows = call.may_write_workflows
    move(call.site, call.repo, f"refs/heads/{branch}", sha, call.actor, may_write_workflows=writes_workflows)
    body = {
        "content": _content(call, path, files[path], branch, inline=False),
        "commit": render_commits.git_commit(call.site, call.repo, sha),
    }
    return Reply(body) if known else created(body)


def _protected(call: Call, branch: str) -> bool:
    return branch in call.repo.protection or any(applying(call.repo, branch))


def list_branches(call: Call) -> Reply:
    """`GET branches`."""
    url = render.repository_url(call.site, call.repo)
    heads = {name.removeprefix("refs/heads/"): sha for name, sha in call.repo.git.refs("refs/heads/").items()}
    wanted = call.query.get("protected")
    names = [name for name in heads if wanted is None or _protected(call, name) == (wanted == "true")]

    def shown(name: str) -> dict[str, Any]:
        sha = heads[name]
        return {
            "name": name,
            "commit": {"sha": sha, "url": f"{url}/commits/{sha}"},
            "protected": _protected(call, name),
        }

    return call.page(names, shown)


def get_branch(call: Call) -> Any:
    """`GET branches/{branch}`, with what everyone may know of its protection."""
    name = call.params["branch"]
    sha = call.repo.git.branch(name)
    if sha is None:
        raise Refusal(not_found().status, "Branch not found")
    url = f"{render.repository_url(call.site, call.repo)}/branches/{quote(name, safe='')}"
    return {
        "name": name,
        "commit": render_commits.commit(call.site, call.repo, sha),
        "_links": {"self": url, "html": f"{HTML}/{call.repo.full_name}/tree/{name}"},
        "protected": _protected(call, name),
        "protection": protection_summary(call.repo.protection.get(name)),
        "protection_url": f"{url}/protection",
    }


def get_permission(call: Call) -> Any:
    """`GET collaborators/{login}/permission`: outsiders have one too, "read" or "none"."""
    account = call.site.accounts.get(call.params["login"].lower())
    if account is None:
        raise Refusal(not_found().status, f"{call.params['login']} is not a user")
    role = call.repo.role(account)
    return {
        "permission": OLD_WORDS.get(role, role),
        "role_name": role,
        "user": {**simple_user(call.site, account), "role_name": role},
    }


def list_labels(call: Call) -> Reply:
    """`GET labels`."""
    return call.page(list(call.repo.labels.values()), lambda item: render.label(call.site, call.repo, item))


def get_label(call: Call) -> Any:
    """`GET labels/{name}`."""
    for item in call.repo.labels.values():
        if item.name.lower() == call.params["name"].lower():
            return render.label(call.site, call.repo, item)
    raise not_found()


def create_label(call: Call) -> Reply:
    """`POST labels`."""
    name = call.text("name")
    if any(item.name.lower() == name.lower() for item in call.repo.labels.values()):
        raise invalid("Label", "name", "already_exists")
    made = label_named(call.site, call.repo, name)
    made.color = call.text("color", "ededed")
    made.description = call.optional_text("description")
    return created(render.label(call.site, call.repo, made))


def dispatch(call: Call) -> Reply:
    """`POST dispatches`: starts workflows on `repository_dispatch`."""
    payload = call.body.get("client_payload", {})
    events.dispatch(call.site, call.repo, call.text("event_type"), payload, call.actor)
    return no_content()


_REPO = "/repos/{owner}/{repo}"
ROUTES = (
    Route("GET", _REPO, get_repository, "metadata:read"),
    Route("GET", "/repositories/{id}", get_repository_by_id),
    Route("GET", f"{_REPO}/contents", get_content, "contents:read"),
    Route("GET", f"{_REPO}/contents/{{path*}}", get_content, "contents:read"),
    Route("PUT", f"{_REPO}/contents/{{path*}}", put_content, "contents:write"),
    Route("GET", f"{_REPO}/branches", list_branches, "contents:read"),
    Route("GET", f"{_REPO}/branches/{{branch*}}", get_branch, "contents:read"),
    Route("GET", f"{_REPO}/collaborators/{{login}}/permission", get_permission, "metadata:read"),
    Route("GET", f"{_REPO}/labels", list_labels, "issues:read"),
    Route("GET", f"{_REPO}/labels/{{name}}", get_label, "issues:read"),
    Route("POST", f"{_REPO}/labels", create_label, "issues:write"),
    Route("POST", f"{_REPO}/dispatches", dispatch, "contents:write"),
)
