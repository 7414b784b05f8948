"""YAML as data and nothing else: no alias, no tag, no key twice, no number that means something unexpected."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

from app.core.errors import PolicyError

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20
_MOST_KEYS = 1000
_WHOLE_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,9})")


class _Loader(yaml.SafeLoader):
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
        if len(keys) > _MOST_KEYS:
            raise PolicyError(f"line {node.start_mark.line + 1}: more than {_MOST_KEYS} keys")
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise PolicyError(f"line {node.start_mark.line + 1}: key {min(twice)!r} is given twice")
        return super().construct_mapping(node, deep=deep)


def _whole_number(loader: _Loader, node: yaml.ScalarNode) -> int:
    """YAML 1.1 also reads 010 as 8 and 2:00 as 120, which nobody means."""
    text = str(loader.construct_scalar(node))
    if not _WHOLE_NUMBER.fullmatch(text):
        line = node.start_mark.line + 1
        hint = "a time in quotes" if ":" in text else "a plain decimal number"
        raise PolicyError(f"line {line}: write {text!r} as {hint}")
    return int(text)


def _plain_text(loader: _Loader, node: yaml.ScalarNode) -> str:
    """A date stays the text that stands there: the schema reads it, in one form only."""
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:int", _whole_number)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _plain_text)


def read_yaml(text: bytes) -> dict[Hashable, Any]:
    """The mapping that `text` spells.

    Raises:
        PolicyError: with one sentence that says where and what to change.
    """
    if len(text) > MAX_BYTES:
        raise PolicyError(f"the file is larger than {MAX_BYTES // 1024} kB")
    try:
        data = yaml.load(text.decode("utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader subclass
    except UnicodeDecodeError as fault:
        raise PolicyError("the file is not UTF-8 text") from fault
    except (yaml.YAMLError, RecursionError, ValueError) as fault:
        raise PolicyError(f"not valid YAML: {_first_line(fault)}") from fault
    if not isinstance(data, dict):
        raise PolicyError("the file must be a mapping that starts with `version: 1`")
    return data


def _first_line(fault: BaseException) -> str:
    return " ".join(str(fault).split())[:200] or type(fault).__name__
