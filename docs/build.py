"""Writes the parts of the documentation that are read from the code: `python docs/build.py`. A test fails on drift."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import time
from pathlib import Path
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from app.core.category import CATEGORIES
from app.core.commands import COMMANDS, WORD
from app.core.policy import POLICY_PATH, Policy, json_schema
from app.doctor.checks import CHECKS
from app.fix.pattern import Example, FixPattern, description
from app.fix.pattern import patterns as catalogue
from app.settings import PREFIX, Settings
from app.web.desk import OFF_LABEL

HERE = Path(__file__).parent
WRITTEN = "<!-- written by docs/build.py from the code; edit the code -->"

_INTRODUCTION = (
    "A pattern proposes; it never decides. What it calls *safe* must still be proven by a checker on the syntax trees",
    "of the old and the new file (`app/fix/proof`): nothing may change but executions that would have raised this",
    "exception here, and no caller may count on catching it. Whatever is not proven is *unsafe*: a person reviews it.",
    "The programs below run as tests: each example fails, is repaired as shown, and then runs; each program under",
    "*left alone* fails in the same way and must not be touched.",
)

_ABOUT_THREATS = (
    "Everything that comes from outside is data: issue text, events, repository files, webhook bodies, comments, and",
    "the policy of a pull request's head. Each row is one thing that an attacker, an accident or a platform does, and",
    "each has at least one test that carries its number. A gate whose input is missing is closed.",
)
_ABOUT_COMMANDS = (
    "## Who may",
    "",
    "The role is asked of GitHub when the comment is read, for the account's numeric id. Everybody may read a public",
    "repository, so there the commands that need `read` need `triage`. What stops something needs little; what changes",
    "code needs the right to change code; what gives power back that was taken away needs `maintain`. Bots, and",
    "comments that an app wrote in a person's name, command nothing.",
    "",
    "Autofix shows by reactions what became of a command: 👀 it was read, 🚀 it is done, 😕 it was not (a reply says",
    "why), 👎 its author may not command this. Whoever may not command gets no reply.",
    "",
    "## What is a command",
    "",
    "A line of its own that begins with `/autofix`, one to a comment, in the words of the table and nothing else. Free",
    "text may stand above and below it. It must be your own new text: quotations, code, and everything behind a first",
    "HTML tag or comment count for nothing, and neither do edits. When in doubt, put it on the first line.",
    "",
    "## What they are bound to",
    "",
    "- `run` and `retry` lift two things only: that the issue must have been opened by the tracker's account, and the",
    "  policy's `intake`. Its link must still lead to a host and organization that the server trusts, its traceback",
    "  must stay as it is, and every later gate stays. So does the label `autofix`, put there with write access.",
    "- `approve` is bound to the head commit that was proven. After a push, while changes are requested by somebody",
    "  with write access, or while the repository is paused, it is refused. The branch's own rules must still be met,",
    "  and the required checks must still be there. If the base moves on, the very same change is built anew on it and",
    "  proven again before it merges.",
    "- `revert` opens a pull request and does not merge it. Both files must still be as they were merged; otherwise a",
    "  person takes the fix back. The category loses its trust at once, whatever becomes of the pull request. Our own",
    "  check proves that it takes back exactly what was merged, so that it can be merged by your rules, by a person.",
    "- `pause` is seen before the next step of every incident. What tells, `stop` and `revert` still work then.",
    "- Each comment is followed once, however often it is delivered.",
    "",
    "What people do without commands counts too: a proposal that is merged unchanged, changed first, or closed, and a",
    "commit on the default branch that says `This reverts commit ...` of one of our merges.",
)
_NAMES = re.compile(
    r"def (test_\w+)\(|\"(hostile-[\w-]+)\"|^        \(\"([a-z]\d+(?:_\w+)?)\", [A-Z]+\)", re.MULTILINE
)
_TITLES = {
    "PullRequestsAndMerges": "Pull requests and merges",
    "IncidentContent": "What an incident says",
    "Configuration": "Configuration and reports",
    "Action": "The Action and our own supply chain",
    "Production": "The verdict of production",
}


def pages() -> dict[str, str]:
    """Every generated page by its file name."""
    return {
        "settings.md": settings(),
        "patterns.md": patterns(),
        "policy.md": policy(),
        "commands.md": commands(),
        "doctor.md": doctor(),
        "threats.md": threats(),
        "policy.schema.json": json.dumps(json_schema(), indent=2) + "\n",
    }


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


def doctor() -> str:
    """The checks of `autofix doctor`."""
    rows = [
        f"| {check.name} | {check.judge.__doc__} | {check.blocks.means if check.blocks else 'nothing'} |"
        for check in CHECKS
    ]
    return "\n".join(
        (
            "# What the doctor checks",
            "",
            WRITTEN,
            "",
            "`autofix doctor OWNER/REPO` asks these questions, and the server does so when the App is installed. What",
            "cannot be read is unknown, and blocks as a no does.",
            "",
            "| check | passes if | else blocks |",
            "| --- | --- | --- |",
            *rows,
            "",
        )
    )


def policy() -> str:
    """The policy file: a commented example, and every key."""
    example = (HERE.parent / "app" / "core" / "policy.example.yml").read_text(encoding="utf-8")
    return "\n".join(
        (
            f"# The policy: `{POLICY_PATH}`",
            "",
            WRITTEN,
            "",
            "The policy says what Autofix may do in one repository. It is read from the default branch only, by the",
            "server before every step and by the verification for every pull request. It is strict: an unknown key, a",
            "key given twice, a YAML alias or tag switches the automation off, and the next issue says what is wrong.",
            "`autofix policy check FILE` says it before. Editors find the [JSON Schema](policy.schema.json) by the",
            "first line of the example.",
            "",
            "```yaml",
            example.rstrip(),
            "```",
            "",
            "## Every key",
            "",
            "| key | meaning | default |",
            "| --- | --- | --- |",
            *_keys(Policy, ""),
            "",
            "The categories are " + _named(CATEGORIES) + ".",
            "",
        )
    )


def commands() -> str:
    """The commands in comments, who may give them, and what is not one."""
    rows = [f"| `{one.usage}` | {one.about} | {one.least} |" for one in COMMANDS]
    return "\n".join(
        (
            "# Commands",
            "",
            WRITTEN,
            "",
            "Write one of these in a comment on an issue that Autofix works on, or on its pull request.",
            "",
            "| command | what it does | least role |",
            "| --- | --- | --- |",
            *rows,
            "",
            f"`{WORD}` alone is `{WORD} help`. The categories are " + _named(CATEGORIES) + ".",
            "",
            *_ABOUT_COMMANDS,
            "",
            f"The label `{OFF_LABEL}` on the issue or the pull request stops its incident, and no other starts while",
            "it is there. `enabled: false` in the [policy](policy.md) and `autofix pause` in the operator's shell stop",
            f"more; `{WORD} resume` lifts neither.",
            "",
        )
    )


def _named(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _keys(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = next((one for one in _models(field.annotation) if one is not model), None)
        label = f"{prefix}{name}"
        if field.description is not None:
            yield f"| `{label}` | {field.description} | {_default(field)} |"
        if inner is not None and name != "categories":
            yield from _keys(inner, f"{label}.")
        elif inner is not None:
            yield from _keys(inner, f"{label}.NAME.")


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """The models that an annotation speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def threats() -> str:
    """What is thrown at Autofix, what comes of it, and the tests that show it."""
    parts = ["# Threats", "", WRITTEN, "", *_ABOUT_THREATS, ""]
    tests = tests_by_row()
    for title, rows in threat_rows().items():
        parts += [f"## {_TITLES[title]}", "", "| row | what happens | tests |", "| --- | --- | --- |"]
        for row, text in rows.items():
            parts.append(f"| {row} | {text} | {_shown(tests.get(row, []))} |")
        parts.append("")
    return "\n".join(parts)


def threat_rows() -> dict[str, dict[str, str]]:
    """The rows of `threats.toml`, by their group."""
    rows: dict[str, dict[str, str]] = tomllib.loads((HERE / "threats.toml").read_text(encoding="utf-8"))
    return rows


def tests_by_row() -> dict[str, list[tuple[str, str]]]:
    """The tests that carry the number of a row, each as its file and its name."""
    found: dict[str, list[tuple[str, str]]] = {}
    for file in sorted((HERE.parent / "tests").rglob("test_*.py")):
        # The name of a test function, the id of one case of it, or the row of a table of cases.
        for one in _NAMES.finditer(file.read_text(encoding="utf-8")):
            name = one[1] or one[2] or one[3]
            for row in re.findall(r"(?<=[_-])([a-z]\d+)(?=[_-])", f"_{name}_"):
                found.setdefault(row.upper(), []).append((file.relative_to(HERE.parent).as_posix(), name))
    return found


def _shown(tests: list[tuple[str, str]]) -> str:
    files = Counter(file for file, _ in tests)
    return ", ".join(
        f"[{Path(file).name}](../{file}){f' ({count})' if count > 1 else ''}" for file, count in files.items()
    )


def patterns() -> str:
    """The catalogue of fix patterns: what each file says of itself, and its first example."""
    parts = ["# Fix patterns", "", WRITTEN, "", *_INTRODUCTION, ""]
    for category in CATEGORIES.values():
        parts += [f"## {category.title}: {category.covers}", ""]
        for name, pattern in catalogue().items():
            if pattern.category == category.id:
                parts += [
                    f"### `{name}`",
                    "",
                    _markdown(description(name)),
                    "",
                    *_claim(pattern),
                    *_example(pattern.examples[0]),
                    *_left_alone(pattern),
                ]
    return "\n".join(parts)


def _claim(pattern: FixPattern) -> list[str]:
    """What the pattern claims, and which exceptions it answers."""
    answers = sorted({one.type or "any exception" for one in pattern.answers})
    return [f"**Claim.** {pattern.applicability.value} at most. **Answers.** {', '.join(answers)}.", ""]


def _left_alone(pattern: FixPattern) -> list[str]:
    """The programs that fail in the same way and that the pattern must not touch."""
    parts: list[str] = []
    for one in pattern.unchanged:
        parts += [f"**Left alone.** {one.because}", "", f"```python\n{one.code.rstrip()}\n```", ""]
    return parts


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
    if value is None or value in ((), {}):
        return "none"
    if isinstance(value, BaseModel) or value is PydanticUndefined:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, time):
        return f'`"{value:%H:%M}"`'
    return f"`{','.join(map(str, value)) if isinstance(value, tuple) else value}`"


def main() -> None:
    """The pages are written."""
    for name, text in pages().items():
        (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
