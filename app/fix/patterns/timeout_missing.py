"""A call over the network gets the time limit that the repository gives such calls elsewhere.

What it fixes:
    `requests.get(url)` or `urlopen(url)` that waits without end, until the worker around it is stopped.

Why it fails:
    These calls have no time limit unless one is given.

Fix safety:
    Unsafe: a slow answer that was waited for now raises after the limit. Without a limit in the repository to go by
    there is no fix: how long is too long is for a person.

References:
    Requests, "Timeouts"; Python Standard Library, `urllib.request.urlopen`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.conventions import is_constant
from app.fix.edit import Replace
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.scope import can_be_written
from app.fix.site import Site

_CALLS = frozenset(
    {"get", "post", "put", "patch", "delete", "head", "request", "urlopen", "create_connection"}
)
_CLIENTS = frozenset({"requests", "httpx", "session", "client", "socket", "request", "http"})


def codemod(site: Site) -> Iterator[Proposal]:
    """Adds `timeout=` with the repository's own limit."""
    for call in ast.walk(site.statement):
        if not isinstance(call, ast.Call) or not _is_network(call) or _has_limit(call):
            continue
        found = _precedent(site, call)
        if found is None:
            return
        limit, place = found
        given = [site.text(one) for one in call.args] + [
            f"{one.arg}={site.text(one.value)}" for one in call.keywords
        ]
        yield Proposal(
            (Replace(call, f"{site.text(call.func)}({', '.join([*given, f'timeout={limit}'])})"),),
            f"Wait for `{site.text(call.func)}()` no longer than `{limit}` seconds",
            (f"{place} gives such a call {limit} seconds.",),
            "An answer within the limit is treated as before.",
            Strength.PRECEDENT,
            safe=False,
        )
        return


def _is_network(call: ast.Call) -> bool:
    match call.func:
        case ast.Name(id="urlopen"):
            return True
        case ast.Attribute(value=owner, attr=attr):
            name = ast.unparse(owner).rpartition(".")[2].lstrip("_").lower()
            return attr in _CALLS and (name in _CLIENTS or attr in {"urlopen", "create_connection"})
        case _:
            return False


def _has_limit(call: ast.Call) -> bool:
    return any(one.arg in {"timeout", None} for one in call.keywords)


def _precedent(site: Site, call: ast.Call) -> tuple[str, str] | None:
    for file in site.conventions.files:
        for node in ast.walk(file.code.tree):
            if isinstance(node, ast.Call) and node is not call and _is_network(node):
                for one in node.keywords:
                    if one.arg == "timeout" and is_constant(one.value) and can_be_written(site, [one.value]):
                        return file.code.text(one.value), f"{file.path}:{node.lineno}"
    return None


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.UNSAFE,
    answers=(
        Raises("SoftTimeLimitExceeded"),
        Raises("TimeLimitExceeded"),
        Raises("WorkerTimeout"),
        Raises("JobTimeoutException"),
    ),
    kinds=frozenset({FailureKind.RAISED}),
    codemod=codemod,
    examples=(
        Example(
            """\
from types import SimpleNamespace


class SoftTimeLimitExceeded(Exception):
    pass


def get(url, timeout=None):
    if timeout is None:
        raise SoftTimeLimitExceeded
    return url


get.__code__ = get.__code__.replace(co_filename="requests/api.py")
requests = SimpleNamespace(get=get)


def rates():
    return requests.get("https://example.com/rates", timeout=10)


def stock():
    return requests.get("https://example.com/stock")


assert stock() == "https://example.com/stock"
""",
            """\
from types import SimpleNamespace


class SoftTimeLimitExceeded(Exception):
    pass


def get(url, timeout=None):
    if timeout is None:
        raise SoftTimeLimitExceeded
    return url


get.__code__ = get.__code__.replace(co_filename="requests/api.py")
requests = SimpleNamespace(get=get)


def rates():
    return requests.get("https://example.com/rates", timeout=10)


def stock():
    return requests.get("https://example.com/stock", timeout=10)


assert stock() == "https://example.com/stock"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
from types import SimpleNamespace


class SoftTimeLimitExceeded(Exception):
    pass


def get(url, timeout=None):
    if timeout is None:
        raise SoftTimeLimitExceeded
    return url


get.__code__ = get.__code__.replace(co_filename="requests/api.py")
requests = SimpleNamespace(get=get)


def stock():
    return requests.get("https://example.com/stock")


stock()
""",
            "Nothing says how long is too long.",
        ),
    ),
)
