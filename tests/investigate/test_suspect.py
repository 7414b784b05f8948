"""Who last changed the failing line: an account of GitHub's, never a name that a commit claims."""

from __future__ import annotations

from typing import Any, cast

import pytest

from app.clients.github import RepositoryClient
from app.clients.github.answers import BlameRange
from app.core.model import CodeFrame
from app.investigate import _suspect

FRAME = CodeFrame("shop/cart.py", "total", 5, "x", {})


class Repo:
    def __init__(self, author: object) -> None:
        commit = {
            "oid": "5" * 40,
            "messageHeadline": "Print",
            "committedDate": "2026-11-01T09:00:00Z",
            "author": author,
        }
        self.range = {"startingLine": 4, "endingLine": 6, "commit": commit}

    async def blame(self, _commit: str, _path: str) -> list[BlameRange]:
        return [BlameRange.read(self.range)]


@pytest.mark.parametrize(
    ("author", "shown", "login"),
    [
        ({"name": "Ada", "user": {"login": "bob"}}, "bob", "bob"),
        ({"name": "ada", "user": None}, "ada", None),
        ({"name": None, "user": None}, "", None),
        (None, "", None),
    ],
)
async def test_the_login_is_githubs_word(author: object, shown: str, login: str | None) -> None:
    repo: Any = Repo(author)
    found = await _suspect(cast("RepositoryClient", repo), "c" * 40, FRAME)
    assert found is not None
    assert (found.author, found.login) == (shown, login)
