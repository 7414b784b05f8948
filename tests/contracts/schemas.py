"""JSON values against the schemas of an OpenAPI description, with violations in plain words."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from openapi_schema_validator import OAS31Validator, oas31_format_checker

Schema = dict[str, Any]

_MAPS = frozenset({"properties", "patternProperties"})
_LISTS = frozenset({"allOf", "anyOf", "oneOf"})
_READ_AS = {"oneOf": "anyOf"}  # GitHub's alternatives overlap: a plain error is "valid under each of" several
_ONES = frozenset({"items", "not", "additionalProperties"})
_LONGEST = 200


def _date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return datetime.fromisoformat(value).tzinfo is not None and "T" in value


def _date(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


def _uri(value: object) -> bool:
    if not isinstance(value, str) or not value:  # GitHub sends an empty text for a link that nobody set
        return True
    return bool(urlsplit(value).scheme) and not any(character.isspace() for character in value)


def _email(value: object) -> bool:
    return not isinstance(value, str) or "@" in value


def _format_checker() -> Any:
    checker = type(oas31_format_checker)(())
    checker.checks("date-time", raises=ValueError)(_date_time)
    checker.checks("date", raises=ValueError)(_date)
    checker.checks("uri", raises=ValueError)(_uri)
    checker.checks("email")(_email)
    return checker


_FORMATS = _format_checker()


class Schemas:
    """The schemas of one description, ready to check values: references resolved, `nullable` made a type."""

    def __init__(self, components: Mapping[str, Mapping[str, Any]]) -> None:
        self._components = components
        self._resolved: dict[str, Schema] = {}

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """Returns the parameter, response or schema as described, behind its reference if it is one."""
        while "$ref" in node:
            section, name = self._split(node["$ref"])
            node = self._components[section][name]
        return node

    def schema(self, node: Mapping[str, Any]) -> Schema:
        """Returns the schema as JSON Schema; a component is one object however often it is referred to."""
        if "$ref" in node:
            reference = node["$ref"]
            if reference not in self._resolved:
                section, name = self._split(reference)
                self._resolved[reference] = target = {}
                target.update(self.schema(self._components[section][name]))
            return self._resolved[reference]
        plain: Schema = {}
        for key, value in node.items():
            if key in _MAPS:
                plain[key] = {name: self.schema(child) for name, child in value.items()}
            elif key in _LISTS:
                plain[_READ_AS.get(key, key)] = [self.schema(child) for child in value]
            elif key in _ONES and isinstance(value, dict):
                plain[key] = self.schema(value)
            elif key not in {"nullable", "discriminator", "default"}:
                plain[key] = value
        return _nullable(plain) if node.get("nullable") else plain

    @staticmethod
    def _split(reference: str) -> tuple[str, str]:
        _, _, section, name = reference.split("/")
        return section, name


def _nullable(schema: Schema) -> Schema:
    if _LISTS & schema.keys() or "type" not in schema:
        return {"anyOf": [{"type": "null"}, schema]}
    schema["type"] = [schema["type"], "null"]
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    return schema


def violations(schema: Schema, value: object, where: str) -> list[str]:
    """Returns what the schema forbids about the value, each with its place; empty when it is valid."""
    validator = OAS31Validator(schema, format_checker=_FORMATS)
    return [line for error in validator.iter_errors(value) for line in _explain(error, where)]


def _explain(error: Any, where: str) -> Iterator[str]:
    place = where + _steps(error.relative_path)
    if error.validator != "anyOf" or not error.context:
        yield f"{place}: {_short(error.message)}"
        return
    branches: dict[int, list[Any]] = {}
    for child in error.context:
        branches.setdefault(child.schema_path[0], []).append(child)
    _, closest = min(branches.items(), key=lambda branch: (*_distance(branch[1]), branch[0]))
    for child in closest:
        yield from _explain(child, place)


def _distance(errors: Sequence[Any]) -> tuple[bool, bool, int]:
    """Returns how far a value is from an alternative: of another type or kind, or wrong in details."""
    other_type = any(error.validator == "type" and not error.relative_path for error in errors)
    other_kind = any(error.validator in {"enum", "const"} for error in errors)
    return other_type, other_kind, len(errors)


def _steps(path: Sequence[str | int]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def _short(message: str) -> str:
    if len(message) <= _LONGEST:
        return message
    return f"{message[: _LONGEST // 2]} ... {message[-_LONGEST // 2 :]}"


def undocumented(schemas: Sequence[Schema], value: object, where: str) -> Iterator[str]:
    """Yields the members of the value that no schema names; objects meant to be free are left alone."""
    branches = [branch for schema in schemas for branch in _branches(schema)]
    if isinstance(value, list):
        items = [branch["items"] for branch in branches if "items" in branch]
        for index, item in enumerate(value):
            yield from undocumented(items, item, f"{where}[{index}]")
    elif isinstance(value, dict):
        known: dict[str, list[Schema]] = {}
        for branch in branches:
            for name, child in branch.get("properties", {}).items():
                known.setdefault(name, []).append(child)
        if not known or any(isinstance(branch.get("additionalProperties"), dict) for branch in branches):
            return
        for name, child in value.items():
            if name in known:
                yield from undocumented(known[name], child, f"{where}.{name}")
            else:
                yield f"{where}: {name!r} is not described by GitHub"


def _branches(schema: Schema) -> Iterator[Schema]:
    yield schema
    for key in _LISTS & schema.keys():
        for branch in schema[key]:
            yield from _branches(branch)
