"""GraphQL documents, variables and answers against GitHub's SDL."""

import base64
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from graphql import (
    DocumentNode,
    GraphQLAbstractType,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values


class Documents:
    """The part of GitHub's GraphQL schema that Autofix speaks."""

    def __init__(self, sdl: str) -> None:
        self._schema = build_schema(sdl)
        for name, holds in _SCALARS.items():
            kind = self._schema.get_type(name)
            if isinstance(kind, GraphQLScalarType):
                _narrow(kind, holds)
        self._checked: dict[str, DocumentNode | list[str]] = {}

    def check(self, document: str, variables: Mapping[str, object]) -> list[str]:
        """Returns what GitHub's schema forbids about a document or its variables; empty when allowed."""
        parsed = self._parse(document)
        if isinstance(parsed, list):
            return parsed
        operation = _operation(parsed)
        declared = {entry.variable.name.value for entry in operation.variable_definitions or ()}
        found = [f"graphql: variable ${name} is not declared" for name in sorted(set(variables) - declared)]
        values = get_variable_values(self._schema, operation.variable_definitions or (), dict(variables))
        if isinstance(values, list):
            found += [f"graphql: {error.message}" for error in values]
        return found

    def check_answer(
        self, document: str, variables: Mapping[str, object], data: Mapping[str, object]
    ) -> list[str]:
        """Returns where the `data` of an answer is not what the document asks for; empty when it is."""
        parsed = self._parse(document)
        if isinstance(parsed, list):
            return parsed
        result = execute_sync(
            self._schema,
            parsed,
            root_value=data,
            variable_values=dict(variables),
            field_resolver=_given,
            type_resolver=_type_of,
        )
        return [f"graphql: {_place(error)}{error.message}" for error in result.errors or ()]

    def _parse(self, document: str) -> DocumentNode | list[str]:
        if document not in self._checked:
            self._checked[document] = _validated(self._schema, document)
        return self._checked[document]


def _validated(schema: GraphQLSchema, document: str) -> DocumentNode | list[str]:
    try:
        parsed = parse(document)
    except GraphQLError as error:
        return [f"graphql: {error.message}"]
    operations = [node for node in parsed.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) != 1:
        return [f"graphql: one operation a document, not {len(operations)}"]
    return [f"graphql: {error.message}" for error in validate(schema, parsed)] or parsed


def _operation(parsed: DocumentNode) -> OperationDefinitionNode:
    return next(node for node in parsed.definitions if isinstance(node, OperationDefinitionNode))


def _given(source: Any, info: Any, **_arguments: object) -> object:
    if not isinstance(source, Mapping) or info.path.key not in source:
        raise GraphQLError("is asked for and missing")
    return source[info.path.key]


def _type_of(value: Any, info: Any, kind: GraphQLAbstractType) -> str | None:
    if not isinstance(value, Mapping):
        return None
    if isinstance(value.get("__typename"), str):
        return str(value["__typename"])
    possible = info.schema.get_possible_types(kind)
    fitting = (entry.name for entry in possible if set(value) <= set(entry.fields))
    return str(next(fitting, possible[0].name))


def _place(error: GraphQLError) -> str:
    return ".".join(map(str, error.path or ())) + ": " if error.path else ""


def _is_oid(value: str) -> bool:
    return bool(re.fullmatch(r"[0-9a-f]{40}", value))


def _is_base64(value: str) -> bool:
    return base64.b64encode(base64.b64decode(value, validate=True)).decode() == value


def _is_date_time(value: str) -> bool:
    return datetime.fromisoformat(value).tzinfo is not None


def _is_uri(value: str) -> bool:
    return bool(urlsplit(value).path or urlsplit(value).netloc)


_SCALARS: Mapping[str, Callable[[str], bool]] = {
    "Base64String": _is_base64,
    "DateTime": _is_date_time,
    "GitObjectID": _is_oid,
    "GitTimestamp": _is_date_time,
    "URI": _is_uri,
}


def _narrow(kind: GraphQLScalarType, holds: Callable[[str], bool]) -> None:
    """The scalar takes and gives only text that `holds` accepts; an SDL alone cannot say so."""

    def accept(value: object) -> object:
        try:
            fits = isinstance(value, str) and holds(value)
        except ValueError:
            fits = False
        if not fits:
            raise GraphQLError(f"{kind.name} cannot represent {value!r}")
        return value

    kind.coerce_input_value = kind.coerce_output_value = accept
