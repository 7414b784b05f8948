"""The Git database: blobs, trees, commits and refs."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Any

from dulwich.objects import Blob, Tree

from app.demo.github.errors import conflict, invalid, not_found, unprocessable
from app.demo.github.git.objects import TREE_MODE, Entry, Signature
from app.demo.github.pushes import move
from app.demo.github.render.commits import git_commit
from app.demo.github.render.repositories import repository_url
from app.demo.github.rest.routing import Call, Reply, Route, created, no_content

_SUBMODULE = 0o160000
_MODES = {0o100644: "blob", 0o100755: "blob", 0o120000: "blob", TREE_MODE: "tree", _SUBMODULE: "commit"}
_MOST_ENTRIES = 100_000


def get_blob(call: Call) -> Any:
    """`GET git/blobs/{sha}`."""
    sha = call.params["sha"]
    if not call.repo.git.has(sha, Blob):
        raise not_found()
    data = call.repo.git.blob(sha)
    if "raw" in call.headers.get("Accept", ""):
        return Reply(data, content="application/vnd.github.raw; charset=utf-8")
    return {
        "sha": sha,
        "node_id": f"B_{sha}",
        "size": len(data),
        "url": f"{repository_url(call.site, call.repo)}/git/blobs/{sha}",
        "content": base64.encodebytes(data).decode(),
        "encoding": "base64",
    }


def create_blob(call: Call) -> Reply:
    """`POST git/blobs`."""
    _refuse_if_empty(call)
    content = call.text("content")
    if call.text("encoding", "utf-8") == "base64":
        try:
            data = base64.b64decode(content)
        except binascii.Error as error:
            raise unprocessable("content is not valid Base64") from error
    else:
        data = content.encode()
    sha = call.repo.git.write_blob(data)
    return created({"sha": sha, "url": f"{repository_url(call.site, call.repo)}/git/blobs/{sha}"})


def _refuse_if_empty(call: Call) -> None:
    if not call.repo.git.refs("refs/heads/"):
        raise conflict("Git Repository is empty.")


def _tree(call: Call, sha: str, *, recursive: bool) -> dict[str, Any]:
    git, url = call.repo.git, f"{repository_url(call.site, call.repo)}/git"
    entries = git.files(sha, trees=True).items() if recursive else git.tree(sha)
    listed = []
    for path, entry in entries:
        kind = _MODES[entry.mode]
        item: dict[str, Any] = {"path": path, "mode": f"{entry.mode:06o}", "type": kind, "sha": entry.sha}
        if kind == "blob":
            item["size"] = len(git.blob(entry.sha))
        if kind != "commit":
            item["url"] = f"{url}/{kind}s/{entry.sha}"
        listed.append(item)
    truncated = len(listed) > _MOST_ENTRIES
    return {"sha": sha, "url": f"{url}/trees/{sha}", "tree": listed[:_MOST_ENTRIES], "truncated": truncated}


def get_tree(call: Call) -> Any:
    """`GET git/trees/{tree}`: of a tree, a commit or a branch."""
    git, wanted = call.repo.git, call.params["tree"]
    if not git.has(wanted, Tree):
        commit = git.resolve(wanted)
        if commit is None:
            raise not_found()
        wanted = git.commit(commit).tree
    return _tree(call, wanted, recursive="recursive" in call.query)


def create_tree(call: Call) -> Reply:
    """`POST git/trees`."""
    _refuse_if_empty(call)
    git = call.repo.git
    base = call.optional_text("base_tree")
    if base is not None and not git.has(base, Tree):
        commit = git.resolve(base)
        if commit is None:
            raise invalid("Tree", "base_tree", message="base_tree is not a valid tree")
        base = git.commit(commit).tree
    files = git.files(base) if base else {}
    sent = call.body.get("tree")
    if not isinstance(sent, list) or not sent:
        raise unprocessable("Invalid tree info")
    for item in sent:
        _apply(call, files, item)
    return created(_tree(call, git.write_tree(files), recursive=False))


def _apply(call: Call, files: dict[str, Entry], item: dict[str, Any]) -> None:
    git, path = call.repo.git, str(item.get("path", ""))
    if not path or path.startswith("/") or any(part in {"", ".", "..", ".git"} for part in path.split("/")):
        raise unprocessable("tree.path contains a malformed path component")
    below = [name for name in files if name.startswith(f"{path}/")]
    if "sha" in item and item["sha"] is None:
        if path not in files and not below:
            raise unprocessable("GitRPC::BadObjectState")
        for name in [path, *below]:
            files.pop(name, None)
        return
    mode = int(str(item.get("mode", "0")), 8)
    if mode not in _MODES:
        raise unprocessable("tree.mode is not a valid file mode")
    sha = git.write_blob(str(item["content"]).encode()) if "content" in item else str(item.get("sha", ""))
    if mode != _SUBMODULE and not git.has(sha):
        raise unprocessable(f"tree.sha {sha} is not a valid {_MODES[mode]}")
    for name in [*below, path]:
        files.pop(name, None)
    if mode == TREE_MODE:
        files.update({f"{path}/{name}": entry for name, entry in git.files(sha).items()})
    else:
        files[path] = Entry(mode, sha)


def get_commit(call: Call) -> Any:
    """`GET git/commits/{sha}`."""
    sha = call.params["sha"]
    if call.repo.git.resolve(sha) != sha:
        raise not_found()
    return git_commit(call.site, call.repo, sha)


def create_commit(call: Call) -> Reply:
    """`POST git/commits`; GitHub signs it when an App gives neither author nor committer."""
    _refuse_if_empty(call)
    git, body = call.repo.git, call.body
    tree = call.text("tree")
    if not git.has(tree, Tree):
        raise unprocessable("Tree SHA does not exist")
    parents = call.names("parents")
    if any(git.resolve(parent) != parent for parent in parents):
        raise unprocessable("Parent SHA does not exist or is not a commit object")
    author = _person(call, body.get("author"))
    committer = _person(call, body["committer"]) if "committer" in body else author
    sha = git.write_commit(tree, parents, call.text("message"), author, committer)
    own_words = {"author", "committer", "signature"} & body.keys()
    if call.actor.app is not None and not own_words:
        call.repo.verified.add(sha)
    return created(git_commit(call.site, call.repo, sha))


def _person(call: Call, sent: dict[str, Any] | None) -> Signature:
    now = int(call.site.clock())
    if sent is None:
        user = call.viewer
        return Signature(user.name or user.login, user.email or user.noreply, now)
    if not sent.get("name") or not sent.get("email"):
        raise unprocessable("Invalid request.\n\nauthor needs a name and an email.")
    at, offset = now, 0
    if sent.get("date"):
        date = datetime.fromisoformat(str(sent["date"]))
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        at, offset = int(date.timestamp()), int((date.utcoffset() or date - date).total_seconds())
    return Signature(sent["name"], sent["email"], at, offset)


def _ref(call: Call, name: str) -> dict[str, Any]:
    sha = call.repo.git.ref(name)
    if sha is None:
        raise not_found()
    url = f"{repository_url(call.site, call.repo)}/git"
    kind = "commit" if call.repo.git.resolve(sha) == sha else "tag"
    return {
        "ref": name,
        "node_id": f"REF_{call.repo.id}_{name.replace('/', '_')}",
        "url": f"{url}/{name}",
        "object": {"sha": sha, "type": kind, "url": f"{url}/{kind}s/{sha}"},
    }


def get_ref(call: Call) -> Any:
    """`GET git/ref/{ref}`."""
    return _ref(call, f"refs/{call.params['ref']}")


def matching_refs(call: Call) -> Reply:
    """`GET git/matching-refs/{ref}`."""
    names = list(call.repo.git.refs(f"refs/{call.params['ref']}"))
    return call.page(names, lambda name: _ref(call, name))


def create_ref(call: Call) -> Reply:
    """`POST git/refs`."""
    name, sha = call.text("ref"), call.text("sha")
    if not re.fullmatch(r"refs/[^/\s]+/[^\s~^:?*\[\\]+", name):
        raise unprocessable("Reference name must start with 'refs/' and have at least two slashes.")
    if call.repo.git.ref(name) is not None:
        raise unprocessable("Reference already exists")
    if any(other.startswith(f"{name}/") or name.startswith(f"{other}/") for other in call.repo.git.refs()):
        raise unprocessable("Reference update failed")
    if not call.repo.git.has(sha):
        raise unprocessable("Object does not exist")
    move(call.site, call.repo, name, sha, call.actor, may_write_workflows=call.may_write_workflows)
    return created(_ref(call, name))


def update_ref(call: Call) -> Any:
    """`PATCH git/refs/{ref}`."""
    name, sha = f"refs/{call.params['ref']}", call.text("sha")
    if call.repo.git.ref(name) is None:
        raise unprocessable("Reference does not exist")
    if not call.repo.git.has(sha):
        raise unprocessable("Object does not exist")
    move(
        call.site,
        call.repo,
        name,
        sha,
        call.actor,
        force=call.body.get("force") is True,
        may_write_workflows=call.may_write_workflows,
    )
    return _ref(call, name)


def delete_ref(call: Call) -> Reply:
    """`DELETE git/refs/{ref}`."""
    name = f"refs/{call.params['ref']}"
    if call.repo.git.ref(name) is None:
        raise unprocessable("Reference does not exist")
    move(call.site, call.repo, name, None, call.actor)
    return no_content()


_GIT = "/repos/{owner}/{repo}/git"
ROUTES = (
    Route("GET", f"{_GIT}/blobs/{{sha}}", get_blob, "contents:read"),
    Route("POST", f"{_GIT}/blobs", create_blob, "contents:write"),
    Route("GET", f"{_GIT}/trees/{{tree*}}", get_tree, "contents:read"),
    Route("POST", f"{_GIT}/trees", create_tree, "contents:write"),
    Route("GET", f"{_GIT}/commits/{{sha}}", get_commit, "contents:read"),
    Route("POST", f"{_GIT}/commits", create_commit, "contents:write"),
    Route("GET", f"{_GIT}/ref/{{ref*}}", get_ref, "contents:read"),
    Route("GET", f"{_GIT}/matching-refs/{{ref*}}", matching_refs, "contents:read"),
    Route("POST", f"{_GIT}/refs", create_ref, "contents:write"),
    Route("PATCH", f"{_GIT}/refs/{{ref*}}", update_ref, "contents:write"),
    Route("DELETE", f"{_GIT}/refs/{{ref*}}", delete_ref, "contents:write"),
)
