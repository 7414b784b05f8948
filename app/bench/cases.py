"""The file of cases: what to install, how it crashes, and what it prints once it is right."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from app.core.errors import AutofixError

# CSafeLoader is the same loader in C; a PyYAML without it still reads the file, only slower.
_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_COMPLAINTS = 5


class BadCases(AutofixError):
    """The file of cases cannot be used; the message says where and why."""


def _yes_or_no(value: object) -> object:
    """YAML 1.1 reads an unquoted `yes` as true."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


class Case(BaseModel):
    """One crash of one released version. Fields that only document it are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    # It names a folder of the cache.
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    kind: Literal["fix", "no_fix"]
    category: str
    package: str
    buggy: str
    extra_requirements: tuple[str, ...] | None = ()
    exception: str
    message_regex: str | None = None
    crash_file: str | None = None
    crash_function: str | None = None
    crash_line: int | None = None
    reproducer: str
    expected_on_fixed: str | None = None
    repro_style: str | None = None
    fix_commit_alone_gives_expected: Annotated[str | None, BeforeValidator(_yes_or_no)] = None

    @property
    def requirements(self) -> tuple[str, ...]:
        """Everything to install, exactly pinned."""
        return (f"{self.package}=={self.buggy}", *(self.extra_requirements or ()))

    @property
    def strict(self) -> bool:
        """True in the strict core: reached through the public API, and upstream's commit alone mends it."""
        return self.repro_style == "public_api" and self.fix_commit_alone_gives_expected == "yes"


def read_cases(file: Path) -> tuple[Case, ...]:
    """The cases in the file's order.

    Raises:
        BadCases: if it is no list of cases, if one of them is incomplete, or if two have the same id.
    """
    try:
        data = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader
    except OSError as fault:
        raise BadCases(f"{file} cannot be read: {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        raise BadCases(f"{file} is not UTF-8") from fault
    except yaml.YAMLError as fault:
        raise BadCases(f"{file} is no YAML: {fault}") from fault
    if not isinstance(data, list) or not data:
        raise BadCases(f"{file} is no list of cases")
    try:
        cases = TypeAdapter(tuple[Case, ...]).validate_python(data)
    except ValidationError as fault:
        raise BadCases(f"{file} has cases that cannot be used:\n{_complaints(fault, data)}") from fault
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise BadCases(f"{file} has two cases with the id {case.id}")
        if case.kind == "fix" and case.expected_on_fixed is None:
            raise BadCases(f"{file}: {case.id} is of kind fix, but does not say what is expected_on_fixed")
        seen.add(case.id)
    return cases


def chosen(cases: tuple[Case, ...], only: tuple[str, ...]) -> tuple[Case, ...]:
    """The cases with these ids, or all if none is named.

    Raises:
        BadCases: if there is no case with one of the ids.
    """
    unknown = set(only) - {case.id for case in cases}
    if unknown:
        raise BadCases(f"there is no case {', '.join(sorted(unknown))}")
    return tuple(case for case in cases if not only or case.id in only)


def shipped_cases() -> Path:
    """The project's own cases: in a wheel they lie inside the package."""
    inside = Path(__file__).parent / "_crashes.yaml"
    return inside if inside.exists() else Path(__file__).parents[2] / "bench" / "crashes.yaml"


def _complaints(fault: ValidationError, data: list[Any]) -> str:
    errors = fault.errors(include_url=False, include_input=False)
    lines = []
    for error in errors[:_MOST_COMPLAINTS]:
        position, *field = error["loc"]
        entry = data[position] if isinstance(position, int) else None
        name = entry.get("id", f"number {position}") if isinstance(entry, dict) else f"number {position}"
        lines.append(f"  case {name}: {'.'.join(map(str, field)) or 'entry'}: {error['msg']}")
    if len(errors) > _MOST_COMPLAINTS:
        lines.append(f"  and {len(errors) - _MOST_COMPLAINTS} more")
    return "\n".join(lines)
