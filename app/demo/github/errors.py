"""GitHub's refusals, in GitHub's own words.

`Refusal` is what a REST handler raises, `MutationRefused` what a GraphQL mutation raises.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"


class Refusal(Exception):
    """A REST answer other than success, with the body that GitHub gives."""

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        *,
        errors: list[Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        body: dict[str, Any] = {"message": self.message}
        if self.errors is not None:
            body["errors"] = self.errors
        return {**body, "documentation_url": DOCUMENTATION, "status": str(self.status.value)}


class MutationRefused(Exception):
    """A GraphQL mutation that GitHub refuses: HTTP 200 with an entry of `errors`."""

    def __init__(self, message: str, kind: str = "UNPROCESSABLE") -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind


def bad_credentials() -> Refusal:
    """The answer to an unknown, revoked or expired token."""
    return Refusal(HTTPStatus.UNAUTHORIZED, "Bad credentials")


def not_found() -> Refusal:
    """The answer to what does not exist or may not be seen."""
    return Refusal(HTTPStatus.NOT_FOUND, "Not Found")


def not_accessible() -> Refusal:
    """The answer to a GitHub App that lacks the permission."""
    return Refusal(HTTPStatus.FORBIDDEN, "Resource not accessible by integration")


def conflict(message: str) -> Refusal:
    """A 409."""
    return Refusal(HTTPStatus.CONFLICT, message)


def unprocessable(message: str, *, errors: list[Any] | None = None) -> Refusal:
    """A 422 with a message of its own."""
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, message, errors=errors)


def invalid(resource: str, field: str, code: str = "invalid", message: str | None = None) -> Refusal:
    """A 422 "Validation Failed" that names one field."""
    error = {"resource": resource, "field": field, "code": code}
    if message is not None:
        error["message"] = message
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed", errors=[error])
