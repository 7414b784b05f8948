from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.bench.case import Bench
from app.bench.cases import Case
from app.bench.fix_command import FixCommand
from app.bench.installation import STAMP, Installation
from bench.shelf import FILES, OWN, fake_install, make_case, write_package

MakeBench = Callable[..., Bench]


@pytest.fixture
def case() -> Case:
    return make_case()


@pytest.fixture
def installation(tmp_path: Path, case: Case) -> Installation:
    folder = tmp_path / "work" / case.id / "buggy"
    write_package(folder, FILES, OWN)
    (folder / STAMP).write_text("\n".join(case.requirements), encoding="utf-8")
    return Installation(folder, case.package)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def make_bench(tmp_path: Path) -> MakeBench:
    """A bench whose engine answers `answer` with `status`, or runs `program` instead."""

    def make(
        answer: dict[str, Any] | None = None, *, status: int = 0, program: str = "", **options: Any
    ) -> Bench:
        engine = tmp_path / "engine.py"
        answering = (
            "import json, sys\n"
            "target = sys.argv[sys.argv.index('--json') + 1]\n"
            f"open(target, 'w').write(json.dumps(json.loads({json.dumps(answer)!r})))\n"
            f"sys.exit({status})\n"
        )
        engine.write_text(program or answering, encoding="utf-8")
        command = FixCommand((sys.executable, str(engine)), seconds=options.pop("seconds", 30.0))
        return Bench(tmp_path / "work", install=fake_install, engine=command, **options)

    return make
