"""Every described shape is accepted, and refused without any one of the members that it requires."""

import json
import re
from collections.abc import Iterator

import pytest

from contracts import load_contract
from contracts.rest import Operation
from contracts.samples import smallest
from contracts.schemas import Schema

CONTRACT = load_contract(closed_answers=True)
REST = CONTRACT._rest
WEBHOOKS = CONTRACT._webhooks


def _operations() -> Iterator[tuple[Operation, str]]:
    for _, template, verbs in REST._templates:
        path = re.sub(r"\{\w+\}", "1", template)
        for verb in verbs:
            operation = REST._find(verb, path)
            assert isinstance(operation, Operation)
            yield operation, path


OPERATIONS = [pytest.param(operation, path, id=str(operation)) for operation, path in _operations()]


def _encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def _without_one(schema: Schema, value: object) -> Iterator[dict[str, object]]:
    for name in schema.get("required", ()):
        assert isinstance(value, dict)
        yield {key: child for key, child in value.items() if key != name}


@pytest.mark.parametrize(("operation", "path"), OPERATIONS)
def test_path_leads_to_its_own_operation(operation: Operation, path: str) -> None:
    assert operation.pattern.fullmatch(path)
    assert REST._find(operation.method, path) is operation


@pytest.mark.parametrize(("operation", "path"), OPERATIONS)
def test_request_body(operation: Operation, path: str) -> None:
    for schema in (operation.body or {}).values():
        body = smallest(schema)
        assert CONTRACT.check_request(operation.method, path, {}, {}, _encoded(body)) == []
        for less in _without_one(schema, body):
            assert CONTRACT.check_request(operation.method, path, {}, {}, _encoded(less))


@pytest.mark.parametrize(("operation", "path"), OPERATIONS)
def test_response_body(operation: Operation, path: str) -> None:
    for code, content in operation.responses.items():
        schema = content.get("application/json")
        if schema is None:
            continue
        body = smallest(schema)
        assert CONTRACT.check_response(operation.method, path, int(code), {}, _encoded(body)) == []
        if code.startswith("2"):
            for less in _without_one(schema, body):
                assert CONTRACT.check_response(operation.method, path, int(code), {}, _encoded(less))


@pytest.mark.parametrize("name", sorted(WEBHOOKS._payloads))
def test_webhook_payload(name: str) -> None:
    event = name.partition("/")[0]
    schema = WEBHOOKS._schemas.schema(WEBHOOKS._payloads[name])
    payload = smallest(schema)
    assert CONTRACT.check_webhook(event, payload) == []
    for less in _without_one(schema, payload):
        assert CONTRACT.check_webhook(event, less)
