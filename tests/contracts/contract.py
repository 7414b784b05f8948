"""GitHub's own descriptions as a judge of what is sent to GitHub and of what a stand-in answers."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from .documents import Documents
from .rest import Headers, Rest
from .webhooks import Webhooks

_HERE = Path(__file__).resolve().parent
_GRAPHQL = "/graphql"


class Contract:
    """GitHub's REST, GraphQL and webhook descriptions, trimmed to what Autofix speaks.

    Every check returns violations in plain words, an empty list when there are none. A path, event or GraphQL
    field outside the trimmed descriptions is a violation: `scope.toml` says what is inside.

    Members of a request body, of a query or of GraphQL variables that GitHub does not describe are always
    reported: GitHub would ignore them silently. Those of answers and webhooks only `closed_answers` reports.
    """

    def __init__(self, folder: Path = _HERE, *, closed_answers: bool = False) -> None:
        rest = json.loads((folder / "github-rest.json").read_text(encoding="utf-8"))
        webhooks = json.loads((folder / "github-webhooks.json").read_text(encoding="utf-8"))
        self._rest = Rest(rest, closed_answers=closed_answers)
        self._webhooks = Webhooks(webhooks, closed_answers=closed_answers)
        self._documents = Documents((folder / "github.graphql").read_text(encoding="utf-8"))

    def check_request(
        self, method: str, path: str, query: Mapping[str, Sequence[str]], headers: Headers, body: bytes
    ) -> list[str]:
        """Returns the violations of a request; `path` is as sent, without host, base path and query."""
        if path == _GRAPHQL:
            return self._graphql_request(method, body)
        return self._rest.check_request(method, path, query, headers, body)

    def check_response(self, method: str, path: str, status: int, headers: Headers, body: bytes) -> list[str]:
        """Returns the violations of a response; of a GraphQL answer only its envelope is judged here."""
        if path == _GRAPHQL:
            return _graphql_response(status, body)
        return self._rest.check_response(method, path, status, headers, body)

    def check_graphql(self, document: str, variables: Mapping[str, object]) -> list[str]:
        """Returns the violations of a GraphQL document with one operation, and of its variables."""
        return self._documents.check(document, variables)

    def check_graphql_answer(
        self, document: str, variables: Mapping[str, object], data: Mapping[str, object]
    ) -> list[str]:
        """Returns the violations of the `data` that answers a GraphQL document."""
        return self._documents.check_answer(document, variables, data)

    def check_webhook(self, event: str, payload: Mapping[str, object]) -> list[str]:
        """Returns the violations of a webhook payload; `event` is the value of X-GitHub-Event."""
        return self._webhooks.check(event, payload)

    def _graphql_request(self, method: str, body: bytes) -> list[str]:
        call = _object(body)
        document, variables = call.get("query"), call.get("variables") or {}
        if method.upper() != "POST" or not isinstance(document, str) or not isinstance(variables, dict):
            return ["graphql: a POST of a JSON object with a query, and variables if any"]
        return self.check_graphql(document, variables)


def _graphql_response(status: int, body: bytes) -> list[str]:
    answer = _object(body)
    if status != 200:
        return (
            [] if isinstance(answer.get("message"), str) else [f"graphql -> {status}: an error has a message"]
        )
    errors = answer.get("errors", [])
    if not isinstance(errors, list) or not all(
        isinstance(e, dict) and isinstance(e.get("message"), str) for e in errors
    ):
        return ["graphql -> 200: errors is a list of objects with a message"]
    if not isinstance(answer.get("data"), dict) and not errors:
        return ["graphql -> 200: neither data nor errors"]
    return []


def _object(body: bytes) -> dict[str, object]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


@cache
def load_contract(*, closed_answers: bool = False) -> Contract:
    """Returns the contract, read once per process."""
    return Contract(closed_answers=closed_answers)
