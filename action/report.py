"""What people and later steps see: the log, annotations, the job summary, outputs and the evidence file.

Text that comes from the repository or its tests is printed so that the runner cannot take it for a command.
"""

from __future__ import annotations

import html
import json
import os
import re
import secrets
import unicodedata
from pathlib import Path
from typing import Any

MOST_SUMMARY = 60_000
MOST_OUTPUT = 10_000
_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)?", re.DOTALL)
# What turns text around or hides it: controls, format characters, line and paragraph separators, surrogates.
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def plain(text: str, limit: int = 2000) -> str:
    """One harmless line: no control, no hidden character, no escape sequence, and not too long."""
    text = _ESCAPES.sub("", text)
    shown = "".join(
        character if unicodedata.category(character) not in _HIDDEN_CATEGORIES else _spelled(character)
        for character in text[:limit]
    )
    # The runner finds the old form of its commands anywhere in a line.
    return shown.replace("##[", "# #[")


def _spelled(character: str) -> str:
    return " " if character == "\t" else f"\\u{ord(character):04x}"


def quote(text: str) -> str:
    """Foreign output for the log: every line prefixed, so that none begins like a workflow command."""
    lines = re.split(r"\r\n|[\n\r\v\f\x85\u2028\u2029]", text.rstrip())
    return "\n".join(f"  | {plain(line)}" for line in lines)


def annotate(level: str, gate: str, message: str, path: str = "", line: int = 0) -> None:
    """An annotation of the pull request: our own words, with foreign parts escaped."""
    place = f"file={_property(path)}," if path else ""
    place += f"line={line}," if path and line else ""
    data = plain(message).replace("%", "%25")
    print(f"::{level} {place}title={_property(f'Autofix: {gate}')}::{data}", flush=True)


def _property(value: str) -> str:
    escaped = plain(value, 300).replace("%", "%25")
    return escaped.replace(":", "%3A").replace(",", "%2C")


def cell(text: str) -> str:
    """Foreign text as code in a table of the summary, where nothing of it has a meaning."""
    shown = html.escape(plain(text, 300), quote=False)
    for mark in "#|`*_[]@":  # the number sign first, because the replacements contain it
        shown = shown.replace(mark, f"&#{ord(mark)};")
    return f"<code>{shown}</code>"


def summarise(markdown: str) -> None:
    """The job summary shows the text."""
    _append("GITHUB_STEP_SUMMARY", markdown[:MOST_SUMMARY] + "\n")


def set_output(name: str, value: str) -> None:
    """Later steps see the value, whatever it contains."""
    delimiter = f"autofix-{secrets.token_hex(16)}"
    _append("GITHUB_OUTPUT", f"{name}<<{delimiter}\n{value[:MOST_OUTPUT]}\n{delimiter}\n")


def write_evidence(evidence: dict[str, Any], folder: Path) -> Path:
    """The evidence as a JSON file, named after the head commit."""
    path = folder / f"autofix-evidence-{evidence['head'][:12]}.json"
    path.write_text(json.dumps(evidence, indent=2, ensure_ascii=True) + "\n", encoding="utf-8")
    return path


def _append(variable: str, text: str) -> None:
    name = os.environ.get(variable)
    if name:
        with Path(name).open("a", encoding="utf-8", errors="replace") as target:
            target.write(text)
