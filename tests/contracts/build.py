"""Makes the contract files beside this script out of GitHub's own descriptions.

    npm install --ignore-scripts @octokit/openapi @octokit/openapi-webhooks @octokit/graphql-schema
    python tests/contracts/build.py \\
        --openapi  node_modules/@octokit/openapi/generated/api.github.com.json \\
        --webhooks node_modules/@octokit/openapi-webhooks/generated/api.github.com.json \\
        --sdl      node_modules/@octokit/graphql-schema/schema.graphql

Only shapes are kept, and only of what Autofix speaks: the lists are in `scope.toml`. A call outside them is a
violation in the tests, so a new endpoint, event or GraphQL type starts with a line there and a new build.
"""

import argparse
import hashlib
import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_leaf_type,
    print_schema,
    validate_schema,
)

HERE = Path(__file__).resolve().parent
SCOPE: dict[str, dict[str, list[str]]] = tomllib.loads((HERE / "scope.toml").read_text(encoding="utf-8"))
PATHS = (*SCOPE["rest"]["app"], *("/repos/{owner}/{repo}" + path for path in SCOPE["rest"]["repository"]))
ACTIONS = SCOPE["webhooks"]
ROOTS = {"Query": SCOPE["graphql"]["queries"], "Mutation": SCOPE["graphql"]["mutations"]}
MULTI_SEGMENT = "x-multi-segment"
REF = "#/components/"
WORDS = frozenset(
    {"description", "summary", "title", "example", "examples", "externalDocs", "tags", "deprecated"}
)
LICENSE = (
    "Copyright (c) 2020 Octokit contributors; copyright (c) GitHub, Inc. Published under the MIT License, "
    "see NOTICE in this folder."
)


class BuildError(Exception):
    """A description holds something else than this script expects."""


def shape(node: Any, *, names: bool = False) -> Any:
    """Returns the node without words, examples and extensions; under `names` the keys are names, all kept."""
    if isinstance(node, list):
        return [shape(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept: dict[str, Any] = {}
    for key, value in node.items():
        if not names and (key in WORDS or (key.startswith("x-") and key != MULTI_SEGMENT)):
            continue
        if key in {"enum", "default", "const", "required"} and not names:
            kept[key] = value
        else:
            kept[key] = shape(
                value, names=key in {"properties", "headers", "patternProperties"} and not names
            )
    return kept


def refs(node: Any) -> Iterator[str]:
    """Yields every `$ref` below the node."""
    if isinstance(node, dict):
        target = node.get("$ref")
        if isinstance(target, str):
            yield target
        for value in node.values():
            yield from refs(value)
    elif isinstance(node, list):
        for item in node:
            yield from refs(item)


def components(roots: Any, source: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Returns the shapes of all components that the roots reach, by section and name."""
    found: dict[str, dict[str, Any]] = {}
    waiting = sorted(set(refs(roots)))
    while waiting:
        target = waiting.pop()
        section, name = target.removeprefix(REF).split("/")
        if name in found.setdefault(section, {}):
            continue
        found[section][name] = shape(source[section][name])
        waiting += sorted(set(refs(found[section][name])))
    return {section: dict(sorted(entries.items())) for section, entries in sorted(found.items())}


def info(source: dict[str, Any], package: str) -> dict[str, str]:
    """Returns the `info` of a trimmed description: where it comes from and under which licence."""
    return {
        "title": "Shapes of GitHub's API that Autofix uses",
        "version": source["info"]["version"],
        "x-source": f"npm package {package} {source['info']['version']}, api.github.com.json, trimmed",
        "x-license": LICENSE,
    }


def rest(source: dict[str, Any]) -> dict[str, Any]:
    """Returns the trimmed REST description."""
    missing = [path for path in PATHS if path not in source["paths"]]
    if missing:
        raise BuildError(f"not described any more: {', '.join(missing)}")
    paths = {path: {verb: shape(op) for verb, op in source["paths"][path].items()} for path in sorted(PATHS)}
    reached = components(paths, source["components"])
    responses = [
        reached["responses"],
        *(op["responses"] for verbs in paths.values() for op in verbs.values()),
    ]
    for group in responses:
        for response in group.values():
            if "$ref" not in response:
                response["description"] = ""  # OpenAPI requires one
    return {
        "openapi": source["openapi"],
        "info": info(source, "@octokit/openapi"),
        "paths": paths,
        "components": reached,
    }


def webhooks(source: dict[str, Any]) -> dict[str, Any]:
    """Returns the trimmed webhook description: `event/action` (or `event`) to the schema of the payload."""
    payloads: dict[str, Any] = {}
    for hook in source["webhooks"].values():
        name = hook["post"]["operationId"].replace("-", "_")
        event, _, action = name.partition("/")
        if event in ACTIONS and (not ACTIONS[event] or action in ACTIONS[event]):
            key = f"{event}/{action}" if ACTIONS[event] else event
            payloads[key] = shape(hook["post"]["requestBody"]["content"]["application/json"]["schema"])
    wanted = {f"{event}/{action}" for event, actions in ACTIONS.items() for action in actions}
    wanted |= {event for event, actions in ACTIONS.items() if not actions}
    if wanted != set(payloads):
        raise BuildError(f"not described any more: {', '.join(sorted(wanted - set(payloads)))}")
    reached = components(payloads, source["components"])
    return {
        "openapi": source["openapi"],
        "info": info(source, "@octokit/openapi-webhooks"),
        "payloads": dict(sorted(payloads.items())),
        "components": {"schemas": Sharing(reached["schemas"]).schemas},
    }


class Sharing:
    """Subschemas that occur more than once, each moved to a component of its own."""

    def __init__(self, schemas: dict[str, Any], least: int = 200) -> None:
        self._least = least
        self._seen: Counter[str] = Counter()
        self._shared: dict[str, Any] = {}
        self._count(schemas)
        own = {name: self._children(schema) for name, schema in schemas.items()}
        self.schemas = dict(sorted((own | self._shared).items()))

    def _text(self, node: dict[str, Any]) -> str:
        """Returns the schema as text, or nothing where the node is too small or no schema."""
        text = json.dumps(node, sort_keys=True)
        return text if isinstance(node.get("type"), str | list) and len(text) >= self._least else ""

    def _count(self, node: Any) -> None:
        if isinstance(node, dict):
            text = self._text(node)
            if text:
                self._seen[text] += 1
            if self._seen[text] <= 1:
                for child in node.values():
                    self._count(child)
        elif isinstance(node, list):
            for child in node:
                self._count(child)

    def _children(self, node: dict[str, Any]) -> dict[str, Any]:
        return {key: self._replaced(value) for key, value in node.items()}

    def _replaced(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._replaced(item) for item in node]
        if not isinstance(node, dict):
            return node
        text = self._text(node)
        if self._seen[text] <= 1:
            return self._children(node)
        name = "shared-" + hashlib.sha256(text.encode()).hexdigest()[:10]
        if name not in self._shared:
            self._shared[name] = self._children(node)
        return {"$ref": f"{REF}schemas/{name}"}


def kept_fields(kind: GraphQLObjectType | GraphQLInterfaceType, kept: set[str]) -> dict[str, GraphQLField]:
    """Returns the fields of a type that lead to a kept type or a leaf."""
    roots = ROOTS.get(kind.name)
    if roots is not None:
        return {name: kind.fields[name] for name in sorted(roots)}
    fields = {}
    for name, field in sorted(kind.fields.items()):
        target = get_named_type(field.type)
        if is_leaf_type(target) or target.name in kept:
            fields[name] = field
    return fields


def prune(kind: GraphQLNamedType, kept: set[str]) -> None:
    """The type holds only what leads to kept types."""
    if isinstance(kind, GraphQLUnionType):
        kind.types = tuple(member for member in kind.types if member.name in kept)
    elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        kind.fields = kept_fields(kind, kept)
        kind.interfaces = tuple(
            entry for entry in kind.interfaces if entry.name in kept and kind.name != "Query"
        )
    else:
        raise BuildError(f"{kind.name} needs no mention: leaves and inputs follow by themselves")


def silence(schema: GraphQLSchema) -> None:
    """The schema holds no descriptions and no deprecations."""
    for kind in schema.type_map.values():
        kind.description = None
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field in kind.fields.values():
                field.description = field.deprecation_reason = None
                for argument in field.args.values():
                    argument.description = argument.deprecation_reason = None
        elif isinstance(kind, GraphQLInputObjectType):
            for entry in kind.fields.values():
                entry.description = entry.deprecation_reason = None
        elif isinstance(kind, GraphQLEnumType):
            for value in kind.values.values():
                value.description = value.deprecation_reason = None


def graphql(sdl: str, source: str) -> str:
    """Returns the pruned SDL, valid by itself."""
    whole = build_schema(sdl, assume_valid_sdl=True)  # GitHub defines two unrelated fields twice
    kept = {*SCOPE["graphql"]["composites"], *ROOTS}
    missing = kept - set(whole.type_map)
    for root, fields in ROOTS.items():
        kind = whole.get_type(root)
        missing |= set(fields) - set(kind.fields if isinstance(kind, GraphQLObjectType) else ())
    if missing:
        raise BuildError(f"not in the SDL any more: {', '.join(sorted(missing))}")
    types = [whole.type_map[name] for name in sorted(kept)]
    for kind in types:
        prune(kind, kept)
    schema = GraphQLSchema(query=whole.query_type, mutation=whole.mutation_type, types=types, directives=())
    silence(schema)
    text = print_schema(schema)
    wrong = validate_schema(build_schema(text))
    if wrong:
        raise BuildError("; ".join(error.message for error in wrong))
    return f"# Source: {source}, pruned.\n# {LICENSE}\n\n{text}\n"


def lines(description: dict[str, Any]) -> str:
    """Returns the JSON text with one line a path, payload or component: a new version reads as a diff."""
    parts = []
    for key, value in description.items():
        sections = value if key == "components" else {"": value}
        texts = []
        for section, entries in sections.items():
            if not isinstance(entries, dict):
                texts.append(json.dumps(entries))
                continue
            body = ",\n".join(
                f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in entries.items()
            )
            texts.append((f"{json.dumps(section)}:" if section else "") + "{\n" + body + "\n}")
        text = ",\n".join(texts)
        parts.append(f"{json.dumps(key)}:" + ("{\n" + text + "\n}" if key == "components" else text))
    return "{\n" + ",\n".join(parts) + "\n}\n"


def package_version(path: Path) -> str:
    """Returns name and version of the npm package that a file lies in."""
    for folder in path.resolve().parents:
        manifest = folder / "package.json"
        if manifest.is_file():
            facts = json.loads(manifest.read_text(encoding="utf-8"))
            return f"npm package {facts['name']} {facts['version']}"
    raise BuildError(f"{path} does not lie in an npm package")


def main(arguments: Sequence[str] | None = None) -> int:
    """The contract files of the given sources are written; returns the exit code."""
    parser = argparse.ArgumentParser(description="Makes the contract files out of GitHub's own descriptions.")
    parser.add_argument("--openapi", type=Path, help="api.github.com.json of @octokit/openapi")
    parser.add_argument("--webhooks", type=Path, help="api.github.com.json of @octokit/openapi-webhooks")
    parser.add_argument("--sdl", type=Path, help="schema.graphql of @octokit/graphql-schema")
    parser.add_argument("--into", type=Path, default=HERE, help="folder of the contract files")
    chosen = parser.parse_args(arguments)
    texts: dict[str, str] = {}
    if chosen.openapi:
        texts["github-rest.json"] = lines(rest(json.loads(chosen.openapi.read_text(encoding="utf-8"))))
    if chosen.webhooks:
        texts["github-webhooks.json"] = lines(
            webhooks(json.loads(chosen.webhooks.read_text(encoding="utf-8")))
        )
    if chosen.sdl:
        sdl = chosen.sdl.read_text(encoding="utf-8")
        texts["github.graphql"] = graphql(sdl, package_version(chosen.sdl) + ", schema.graphql")
    for name, text in texts.items():
        (chosen.into / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{name}: {len(text.encode()) // 1024} KiB\n")
    return 0 if texts else parser.error("nothing to build from")


if __name__ == "__main__":
    sys.exit(main())
