"""GitHub's GraphQL API: `POST /graphql`, always 200, with refusals in `errors`."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError, execute_sync, parse, validate

from app.demo.github.errors import MutationRefused, Refusal
from app.demo.github.graphql import nodes
from app.demo.github.graphql.accounts import Node, account
from app.demo.github.graphql.mutations import BY_NAME, NOT_ACCESSIBLE
from app.demo.github.graphql.schema import schema
from app.demo.github.rest.routing import Call, Reply, Route
from app.demo.github.state import Issue, Pull, Repository


def answer(call: Call) -> Reply:
    """Parse, validate and execute one document."""
    if call.token is None:
        raise Refusal(HTTPStatus.UNAUTHORIZED, "This endpoint requires you to be authenticated.")
    query = call.body.get("query")
    if not isinstance(query, str):
        text = "A query attribute must be specified and must be a string."
        return Reply({"errors": [{"message": text}]})
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        return Reply({"errors": [_shown(error)]})
    faults = validate(schema(), document)
    if faults:
        return Reply({"errors": [_shown(fault) for fault in faults]})
    done = execute_sync(
        schema(),
        document,
        root_value=_root(call),
        variable_values=call.body.get("variables") or {},
        operation_name=call.body.get("operationName"),
    )
    body: dict[str, Any] = {"data": done.data}
    if done.errors:
        body["errors"] = [_shown(error) for error in done.errors]
    return Reply(body)


def _shown(error: GraphQLError) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    cause = error.original_error
    if isinstance(cause, MutationRefused):
        shown["type"] = cause.kind
    elif isinstance(cause, Refusal):
        shown["type"] = "FORBIDDEN" if cause.message == NOT_ACCESSIBLE else "UNPROCESSABLE"
    if error.path:
        shown["path"] = error.path
    places = error.locations or []
    shown["locations"] = [{"line": place.line, "column": place.column} for place in places]
    return {**shown, "message": cause.message if isinstance(cause, Refusal) else error.message}


def _root(call: Call) -> dict[str, Any]:
    def repository(_info: Any, owner: str, name: str, **_more: Any) -> Node:
        found = call.site.repositories.get(f"{owner}/{name}".lower())
        try:
            return nodes.repository(call, call.visible(found))
        except Refusal as refusal:
            text = f"Could not resolve to a Repository with the name '{owner}/{name}'."
            raise MutationRefused(text, "NOT_FOUND") from refusal

    def node(_info: Any, **arguments: str) -> Node:
        return _node(call, arguments["id"])

    def mutation(name: str) -> Callable[..., Any]:
        return lambda _info, **arguments: BY_NAME[name](call, arguments["input"])

    return {
        "repository": repository,
        "node": node,
        "viewer": lambda _info: {**account(call.viewer), "__typename": "User"},
        **{name: mutation(name) for name in BY_NAME},
    }


def _node(call: Call, wanted: str) -> Node:
    found = call.site.node(wanted)
    try:
        if isinstance(found, Repository):
            return nodes.repository(call, call.visible(found))
        if isinstance(found, Pull):
            call.visible(found.repository)
            return nodes.pull(call, found)
        if isinstance(found, Issue):
            call.visible(found.repository)
            return nodes.issue(found)
    except Refusal as refusal:
        text = f"Could not resolve to a node with the global id of '{wanted}'"
        raise MutationRefused(text, "NOT_FOUND") from refusal
    if found is None:
        raise MutationRefused(f"Could not resolve to a node with the global id of '{wanted}'", "NOT_FOUND")
    return account(found)


ROUTES = (Route("POST", "/graphql", answer),)
