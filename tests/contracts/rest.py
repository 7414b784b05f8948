"""REST requests and responses against GitHub's OpenAPI description."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from .schemas import Schema, Schemas, undocumented, violations

API_VERSION = "2022-11-28"  # the version that the description describes

Headers = Mapping[str, str]

_UNREADABLE = object()


@dataclass(frozen=True)
class Parameter:
    """One parameter of an operation, in its path or in its query."""

    name: str
    place: str
    required: bool
    many_segments: bool
    schema: Schema


@dataclass(frozen=True)
class Operation:
    """One method of one described path."""

    method: str
    template: str
    pattern: re.Pattern[str]
    parameters: Mapping[str, Parameter]
    body: Mapping[str, Schema] | None
    body_required: bool
    responses: Mapping[str, Mapping[str, Schema]]

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


class Rest:
    """The described operations; `closed_answers` also reports undescribed response fields."""

    def __init__(self, description: Mapping[str, Any], *, closed_answers: bool = False) -> None:
        self._schemas = Schemas(description["components"])
        self._closed_answers = closed_answers
        self._ready: dict[tuple[str, str], Operation] = {}
        self._templates: list[tuple[re.Pattern[str], str, Mapping[str, Any]]] = []
        for template in sorted(description["paths"], key=_literal_length, reverse=True):
            verbs = description["paths"][template]
            self._templates.append((_pattern(template, self._many_segments(verbs)), template, verbs))

    def check_request(
        self, method: str, path: str, query: Mapping[str, Sequence[str]], headers: Headers, body: bytes
    ) -> list[str]:
        """Returns what GitHub's description forbids about the request; empty when it is allowed."""
        operation = self._find(method, path)
        if isinstance(operation, str):
            return [operation]
        found = [*_path(operation, path), *_query(operation, query), *_body(operation, headers, body)]
        version = _header(headers, "x-github-api-version")
        if version not in {"", API_VERSION}:
            found.append(
                f"header X-GitHub-Api-Version: {version!r}, but this contract describes {API_VERSION}"
            )
        return [f"{operation}: {line}" for line in found]

    def check_response(self, method: str, path: str, status: int, headers: Headers, body: bytes) -> list[str]:
        """Returns what GitHub's description forbids about the response; empty when GitHub could answer so."""
        operation = self._find(method, path)
        if isinstance(operation, str):
            return [operation]
        if status == 304 and operation.method == "GET":
            found = ["a 304 has no body"] if body else []
        elif status in _ERRORS or status >= 500:
            found = list(_error(operation, status, headers, body))
        elif str(status) in operation.responses:
            found = list(self._answer(operation.responses[str(status)], headers, body))
        else:
            found = [f"the status is not described; known are {', '.join(sorted(operation.responses))}"]
        return [f"{operation} -> {status}: {line}" for line in found]

    def _find(self, method: str, path: str) -> Operation | str:
        method = method.upper()
        described = [
            (template, verbs) for pattern, template, verbs in self._templates if pattern.fullmatch(path)
        ]
        for template, verbs in described:
            if method.lower() in verbs:
                if (method, template) not in self._ready:
                    self._ready[method, template] = self._operation(method, template, verbs)
                return self._ready[method, template]
        if described:
            return f"{method} is not described for {described[0][0]}"
        return f"{method} {path}: the path is not described"

    def _many_segments(self, verbs: Mapping[str, Any]) -> set[str]:
        parameters = [
            self._schemas.resolve(entry) for op in verbs.values() for entry in op.get("parameters", ())
        ]
        return {
            entry["name"] for entry in parameters if entry["in"] == "path" and entry.get("x-multi-segment")
        }

    def _operation(self, method: str, template: str, verbs: Mapping[str, Any]) -> Operation:
        described = verbs[method.lower()]
        parameters = [self._parameter(entry) for entry in described.get("parameters", ())]
        many = {entry.name for entry in parameters if entry.many_segments}
        body = described.get("requestBody")
        return Operation(
            method=method,
            template=template,
            pattern=_pattern(template, many),
            parameters={f"{entry.place}:{entry.name}": entry for entry in parameters},
            body=self._content(body) if body else None,
            body_required=bool(body and body.get("required")),
            responses={code: self._content(entry) for code, entry in described["responses"].items()},
        )

    def _parameter(self, entry: Mapping[str, Any]) -> Parameter:
        entry = self._schemas.resolve(entry)
        return Parameter(
            name=entry["name"],
            place=entry["in"],
            required=bool(entry.get("required")),
            many_segments=entry["in"] == "path" and bool(entry.get("x-multi-segment")),
            schema=self._schemas.schema(entry["schema"]),
        )

    def _content(self, entry: Mapping[str, Any]) -> dict[str, Schema]:
        content = self._schemas.resolve(entry).get("content", {})
        return {media: self._schemas.schema(kind.get("schema", {})) for media, kind in content.items()}

    def _answer(self, content: Mapping[str, Schema], headers: Headers, body: bytes) -> Iterator[str]:
        if not content:
            if body:
                yield "a body where GitHub sends none"
            return
        media = _media(headers)
        if media and not _is_json(media):
            if media not in content and not media.startswith("application/vnd.github."):
                yield f"content type {media} is not described"
            return
        value = _json(body)
        if value is _UNREADABLE:
            yield "the body is not JSON"
            return
        schema = _json_schema(content)
        yield from violations(schema, value, "body")
        if self._closed_answers:
            yield from undocumented([schema], value, "body")


_ERRORS = frozenset({401, 403, 404, 422, 429})
_BASIC_ERROR: Schema = {
    "type": "object",
    "required": ["message"],
    "properties": {
        "message": {"type": "string"},
        "documentation_url": {"type": "string", "format": "uri"},
        "status": {"type": "string"},
        "errors": {"type": ["array", "string"], "items": {"type": ["object", "string"]}},
    },
}


def _error(operation: Operation, status: int, headers: Headers, body: bytes) -> Iterator[str]:
    if status >= 500 and not _is_json(_media(headers)):
        return
    value = _json(body)
    if value is _UNREADABLE:
        yield "an error is JSON with a message"
        return
    described = operation.responses.get(str(status))
    if described and not violations(_json_schema(described), value, "body"):
        return
    yield from violations(_BASIC_ERROR, value, "body")


def _path(operation: Operation, path: str) -> Iterator[str]:
    matched = operation.pattern.fullmatch(path)
    names = re.findall(r"\{(\w+)\}", operation.template)
    for name, raw in zip(names, matched.groups() if matched else (), strict=False):
        parameter = operation.parameters.get(f"path:{name}")
        if parameter:
            yield from violations(parameter.schema, _coerced(parameter.schema, unquote(raw)), f"path {name}")


def _query(operation: Operation, query: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name, values in query.items():
        parameter = operation.parameters.get(f"query:{name}")
        if parameter is None:
            yield f"query {name}: not described by GitHub"
        elif len(values) != 1:
            yield f"query {name}: given {len(values)} times"
        else:
            yield from violations(parameter.schema, _coerced(parameter.schema, values[0]), f"query {name}")
    for parameter in operation.parameters.values():
        if parameter.place == "query" and parameter.required and parameter.name not in query:
            yield f"query {parameter.name}: is required"


def _body(operation: Operation, headers: Headers, body: bytes) -> Iterator[str]:
    if operation.body is None:
        if body and _json(body) != {}:
            yield "a body where GitHub reads none"
        return
    if not body:
        if operation.body_required:
            yield "the body is required"
        return
    media = _media(headers)
    if media and not _is_json(media):
        yield f"content type {media}, but GitHub reads {', '.join(sorted(operation.body))}"
        return
    value = _json(body)
    if value is _UNREADABLE:
        yield "the body is not JSON"
        return
    schema = _json_schema(operation.body)
    yield from violations(schema, value, "body")
    yield from undocumented([schema], value, "body")


def _coerced(schema: Schema, text: str) -> object:
    kinds = {kind for branch in (schema, *schema.get("anyOf", ())) for kind in _types(branch)}
    if kinds & {"integer", "number"} and re.fullmatch(r"-?\d+", text):
        return int(text)
    if "boolean" in kinds and text in {"true", "false"}:
        return text == "true"
    return text


def _types(schema: Schema) -> Sequence[str]:
    kind = schema.get("type", ())
    return [kind] if isinstance(kind, str) else kind


def _json_schema(content: Mapping[str, Schema]) -> Schema:
    return content.get("application/json") or next(iter(content.values()))


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return _UNREADABLE


def _header(headers: Headers, name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _media(headers: Headers) -> str:
    return _header(headers, "content-type").partition(";")[0].strip().lower()


def _is_json(media: str) -> bool:
    return media == "application/json" or media.endswith("+json")


def _literal_length(template: str) -> int:
    return len(re.sub(r"\{\w+\}", "", template))


def _pattern(template: str, many_segments: set[str]) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    for index in range(1, len(parts), 2):
        parts[index] = "(.+)" if parts[index] in many_segments else "([^/]+)"
    return re.compile("".join(part if index % 2 else re.escape(part) for index, part in enumerate(parts)))
