from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.bench.cases import Case
from app.bench.crash import NotReproduced, recorded_event, run_reproducer
from app.bench.installation import Installation
from app.bench.processes import Processes
from bench.shelf import make_case, write_package


def frames(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [frame for value in event["exception"]["values"] for frame in value["stacktrace"]["frames"]]


def test_the_event_is_what_a_deployment_would_send(
    case: Case, installation: Installation, scratch: Path
) -> None:
    event = recorded_event(case, installation, Processes(), scratch)
    (frame,) = frames(event)
    assert frame["filename"] == "shelf/books.py"
    assert frame["abs_path"] == "/srv/app/shelf/books.py"
    assert (frame["module"], frame["function"], frame["lineno"]) == ("shelf.books", "title", 7)
    assert frame["in_app"] is True
    assert frame["context_line"].strip() == "return text.strip() or default"
    assert frame["vars"]["text"] == "None"
    assert event["platform"] == "python"


def test_nothing_of_the_case_reaches_the_engine(
    case: Case, installation: Installation, scratch: Path
) -> None:
    told = json.dumps(recorded_event(case, installation, Processes(), scratch))
    for secret in (case.id, "reproducer", "RESULT", str(installation.folder), str(scratch), "autofix"):
        assert secret not in told


def test_a_dependency_is_in_a_site_folder_and_not_in_app(installation: Installation, scratch: Path) -> None:
    (installation.folder / "inkwell.py").write_text(
        "def clean(text):\n    return text.strip()\n", encoding="utf-8"
    )
    case = make_case(crash_line=6)
    outer, inner = frames(recorded_event(case, installation, Processes(), scratch))
    assert outer["in_app"]
    assert not inner["in_app"]
    assert inner["abs_path"].startswith("/srv/venv/lib/python3")
    assert inner["abs_path"].endswith("/site-packages/inkwell.py")


def test_every_exception_of_the_chain_loses_the_reproducers_frames(
    installation: Installation, scratch: Path
) -> None:
    program = (
        "from shelf.books import title\n"
        "class Book(dict):\n"
        "    def __getitem__(self, name):\n"
        "        try:\n"
        "            title({'title': None})\n"
        "        except AttributeError as fault:\n"
        "            raise ValueError('no title') from fault\n"
        "title(Book())\n"
    )
    case = make_case(reproducer=program, exception="ValueError", message_regex="no title", crash_line=6)
    event = recorded_event(case, installation, Processes(), scratch)
    assert [value["type"] for value in event["exception"]["values"]] == ["AttributeError", "ValueError"]
    assert [frame["lineno"] for frame in frames(event)] == [7, 6]


@pytest.mark.parametrize("name", ["urllib3", "sentry_sdk"])
def test_the_package_under_test_may_be_what_the_sdk_itself_uses(
    name: str, tmp_path: Path, scratch: Path
) -> None:
    folder = tmp_path / "other"
    files = {f"{name}/__init__.py": "", f"{name}/pool.py": "def size(pool):\n    return pool.size\n"}
    write_package(folder, files, tuple(files), name)
    case = make_case(
        package=name,
        reproducer=f"from {name}.pool import size\nsize(None)",
        message_regex=None,
        crash_file=f"{name}/pool.py",
        crash_function="size",
        crash_line=2,
    )
    event = recorded_event(case, Installation(folder, name), Processes(), scratch)
    assert [frame["module"] for frame in frames(event)] == [f"{name}.pool"]
    assert event["sdk"]["name"] == "sentry.python"


def test_a_reproducer_may_break_the_standard_library(installation: Installation, scratch: Path) -> None:
    program = (
        "import socket, json\nsocket.socket = json.JSONEncoder.default = None\n" + make_case().reproducer
    )
    event = recorded_event(make_case(reproducer=program), installation, Processes(), scratch)
    assert frames(event)


def test_a_reproducer_gets_no_future_of_ours(installation: Installation, scratch: Path) -> None:
    program = "def f(x: int): ...\nassert f.__annotations__ == {'x': int}\n" + make_case().reproducer
    assert recorded_event(make_case(reproducer=program), installation, Processes(), scratch)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reproducer": "print('RESULT: fine')"}, "raised nothing"),
        ({"reproducer": "raise AttributeError(\"'NoneType' object has no attribute 'strip'\")"}, "no frame"),
        ({"reproducer": "import os; os._exit(3)"}, "ended with status 3"),
        ({"exception": "KeyError"}, "not KeyError"),
        ({"message_regex": "'int' object"}, "which is not 'int' object"),
        ({"crash_line": 6}, "crashed at shelf/books.py:7 in title, not where the case says"),
        ({"crash_function": "add"}, "not where the case says"),
    ],
)
def test_another_crash_is_not_the_case(
    changes: dict[str, Any], said: str, installation: Installation, scratch: Path
) -> None:
    with pytest.raises(NotReproduced, match=said):
        recorded_event(make_case(**changes), installation, Processes(), scratch)


def test_a_reproducer_runs_in_an_empty_folder_with_fixed_hashes(
    installation: Installation, scratch: Path
) -> None:
    program = (
        "import os, sys\n"
        "print(os.listdir(), os.environ['TZ'], sys.flags.hash_randomization, sys.flags.no_site, '' in sys.path)\n"
    )
    outcome = run_reproducer(make_case(reproducer=program), installation.folder, Processes(), scratch)
    assert outcome.raised is None
    assert outcome.printed == "[] UTC 0 1 False\n"
