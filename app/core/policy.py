"""The repository's policy file, `.github/autofix.yml`, read from the default branch only.

Strict on purpose: an unknown key, a duplicate key, an alias, a custom tag or a file above 64 kB makes the whole
policy invalid, and an invalid policy switches the automation off.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError, field_validator

from app.core.category import CATEGORIES
from app.core.errors import PolicyError
from app.core.model import Action

POLICY_PATH = ".github/autofix.yml"
MAX_BYTES = 64 * 1024
MAX_DEPTH = 20

_WHOLE_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,9})")

Text = Annotated[StrictStr, Field(min_length=1, max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SentrySource(_Strict):
    """Which Sentry projects may report anomalies of this repository."""

    organization: Text
    projects: tuple[Text, ...] = Field(min_length=1, max_length=50)


class Checks(_Strict):
    """The names of the required checks that Autofix looks for."""

    verify: Text = "autofix"


class Observe(_Strict):
    """How the production effect is judged: in which environment, and at which seconds after the deployment."""

    environment: Text = "production"
    looks: tuple[Annotated[StrictInt, Field(gt=0, le=86_400)], ...] = Field(
        default=(120, 300, 600, 1200, 1800), min_length=1, max_length=12
    )

    @field_validator("looks")
    @classmethod
    def _ascending(cls, looks: tuple[int, ...]) -> tuple[int, ...]:
        if list(looks) != sorted(set(looks)):
            raise ValueError("the looks must be distinct and ascending, for example [120, 300, 600]")
        return looks


class Policy(_Strict):
    """A valid policy: what Autofix may do in one repository."""

    version: Annotated[StrictInt, Field(ge=1, le=1)]
    sentry: SentrySource
    categories: dict[str, Action] = Field(default_factory=dict)
    checks: Checks = Checks()
    observe: Observe = Observe()
    protected_paths: tuple[Text, ...] = Field(default=(), max_length=200)

    @field_validator("categories")
    @classmethod
    def _known(cls, categories: dict[str, Action]) -> dict[str, Action]:
        unknown = sorted(set(categories) - set(CATEGORIES))
        if unknown:
            raise ValueError(f"unknown category {unknown[0]!r}; known are {', '.join(sorted(CATEGORIES))}")
        return categories

    def action(self, category: str) -> Action:
        """The level that this policy gives to `category`; the category's own default where it says nothing."""
        return self.categories.get(category, CATEGORIES[category].default)


class _PolicyLoader(yaml.SafeLoader):
    """SafeLoader that also refuses aliases, duplicate keys and deep nesting."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise PolicyError("aliases (`*name`) are not allowed in a policy")
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise PolicyError(f"nested deeper than {MAX_DEPTH} levels")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        keys = [key.value for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1} if len(keys) < 1000 else {"too many keys"}  # noqa: PLR2004 - far above any real policy
        if twice:
            raise PolicyError(f"line {node.start_mark.line + 1}: key {min(twice)!r} is given twice")
        return super().construct_mapping(node, deep=deep)


def _whole_number(loader: _PolicyLoader, node: yaml.ScalarNode) -> int:
    """YAML 1.1 also reads 010 as 8 and 2:00 as 120, which nobody means."""
    text = str(loader.construct_scalar(node))
    if not _WHOLE_NUMBER.fullmatch(text):
        raise PolicyError(f"line {node.start_mark.line + 1}: write {text!r} as a plain decimal number")
    return int(text)


_PolicyLoader.add_constructor("tag:yaml.org,2002:int", _whole_number)


def parse_policy(text: bytes) -> Policy:
    """The policy that `text` states.

    Raises:
        PolicyError: with one sentence that says where and what to change.
    """
    if len(text) > MAX_BYTES:
        raise PolicyError(f"the file is larger than {MAX_BYTES // 1024} kB")
    try:
        data = yaml.load(text.decode("utf-8"), Loader=_PolicyLoader)  # noqa: S506 - a SafeLoader subclass
    except UnicodeDecodeError as fault:
        raise PolicyError("the file is not UTF-8 text") from fault
    except (yaml.YAMLError, RecursionError, ValueError) as fault:
        raise PolicyError(f"not valid YAML: {_first_line(fault)}") from fault
    if not isinstance(data, dict):
        raise PolicyError("the file must be a mapping that starts with `version: 1`")
    try:
        return Policy.model_validate(data)
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise PolicyError(f"{where}: {first['msg']}") from fault


def _first_line(fault: BaseException) -> str:
    return " ".join(str(fault).split())[:200] or type(fault).__name__
