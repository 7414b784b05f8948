"""A tiny released package that crashes, and its installation without pip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.bench.cases import Case
from app.bench.processes import Processes

BOOKS = '''\
from inkwell import clean


def title(book, default="untitled"):
    """The title of a book, without the blanks around it."""
    text = clean(book["title"])
    return text.strip() or default


class Shelf:
    def __init__(self):
        self.books = []

    def add(self, book):
        self.books.append(title(book))
        return len(self.books)
'''
CRASHING = "return text.strip() or default"
MENDED = BOOKS.replace(CRASHING, 'return (text or "").strip() or default')
REPRODUCER = """\
from shelf.books import title
print("RESULT:", title({"title": None}), title({"title": " Emma "}))
"""
FILES = {
    "shelf/__init__.py": "",
    "shelf/books.py": BOOKS,
    "shelf/words.txt": "a an the\n",
    "inkwell.py": "def clean(text):\n    return text\n",
}
OWN = ("shelf/__init__.py", "shelf/books.py", "shelf/words.txt")


def make_case(**changes: Any) -> Case:
    fields = {
        "id": "shelf-none-title",
        "kind": "fix",
        "category": "null_safety",
        "package": "Shelf",
        "buggy": "1.0",
        "extra_requirements": ["inkwell==2.0"],
        "exception": "AttributeError",
        "message_regex": "'NoneType' object has no attribute 'strip'",
        "crash_file": "shelf/books.py",
        "crash_function": "title",
        "crash_line": 7,
        "reproducer": REPRODUCER,
        "expected_on_fixed": "RESULT: untitled Emma\n",
        "repro_style": "public_api",
        "fix_commit_alone_gives_expected": "yes",
    }
    return Case.model_validate({**fields, **changes})


def write_package(folder: Path, files: dict[str, str], own: tuple[str, ...], name: str = "shelf") -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    listed = [f"{path},sha256=x,1" for path in (*own, f"{info.name}/RECORD", "../../bin/shelf", "gone.py")]
    (info / "RECORD").write_text("\n".join(listed) + "\n", encoding="utf-8")


def fake_install(_case: Case, folder: Path, _processes: Processes) -> None:
    write_package(folder, FILES, OWN)


def without_source_release(work: Path, case: Case) -> None:
    """The bench believes to have looked for a source release before, and found none."""
    source = work / case.id / "source"
    source.mkdir(parents=True)
    (source / ".unpacked").write_text(f"{case.package}=={case.buggy}", encoding="utf-8")


def fix(text: str = MENDED, file: str = "shelf/books.py", **changes: Any) -> dict[str, Any]:
    answer = {"outcome": "fix", "pattern": "none_default", "files": {file: text}, "auto_mergeable": True}
    return {**answer, **changes}
