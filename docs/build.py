"""Writes the parts of the documentation that are read from the code: `python docs/build.py`. A test fails on drift."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from pydantic.fields import FieldInfo

from app.core.category import CATEGORIES
from app.fix.pattern import Example, description
from app.fix.pattern import patterns as catalogue
from app.settings import PREFIX, Settings

HERE = Path(__file__).parent
WRITTEN = "<!-- written by docs/build.py from the code; edit the code -->"


def pages() -> dict[str, str]:
    """Every generated page by its file name."""
    return {"settings.md": settings(), "patterns.md": patterns()}


def settings() -> str:
    """The environment variables."""
    rows = [
        f"| `{PREFIX}{name.upper()}` | {field.description} | {_default(field)} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(
        (
            "# Settings",
            "",
            WRITTEN,
            "",
            "`autofix serve` reads these environment variables once, at its start. It refuses to start with a variable",
            "that is missing, wrong, or unknown to it, and says which. Lists are separated by commas.",
            "",
            "| variable | meaning | default |",
            "| --- | --- | --- |",
            *rows,
            "",
        )
    )


def patterns() -> str:
    """The catalogue of fix patterns: what each file says of itself, and its first example."""
    parts = ["# Fix patterns", "", WRITTEN, ""]
    for category in CATEGORIES.values():
        parts += [f"## {category.title}: {category.covers}", ""]
        for name, pattern in catalogue().items():
            if pattern.category == category.id:
                parts += [
                    f"### `{name}`",
                    "",
                    _markdown(description(name)),
                    "",
                    *_example(pattern.examples[0]),
                ]
    return "\n".join(parts)


def _markdown(text: str) -> str:
    """A pattern's docstring with its four headings in bold."""
    headed = re.sub(r"(?m)^([A-Z][a-z ]+):$", r"**\1.**", text.strip())
    return "\n".join(line.strip() for line in headed.splitlines())


def _example(example: Example) -> list[str]:
    return [f"```diff\n{_diff(example)}\n```", ""]


def _diff(example: Example) -> str:
    lines = difflib.unified_diff(example.before.splitlines(), example.after.splitlines(), n=3, lineterm="")
    return "\n".join(line for line in list(lines)[2:] if not line.startswith("@@"))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None or value == ():
        return "none"
    return f"`{','.join(map(str, value)) if isinstance(value, tuple) else value}`"


def main() -> None:
    """The pages are written."""
    for name, text in pages().items():
        (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
