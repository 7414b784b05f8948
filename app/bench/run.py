"""`autofix bench crashes`: all cases, a few at a time, and what came of them."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.bench.case import Bench, run_case
from app.bench.cases import BadCases, Case, chosen, read_cases, shipped_cases
from app.bench.controls import control
from app.bench.crash import sdk_folders
from app.bench.picture import picture
from app.bench.report import print_row, print_summary, result
from app.bench.verdict import Row
from app.core.errors import AutofixError

BAD_INPUT = 2


class BadOption(AutofixError):
    """An option that cannot be followed; the message says which and why."""


def bench(
    cases_file: Path | None,
    *,
    only: Sequence[str] = (),
    jobs: int = 1,
    work: Path | None = None,
    json_file: Path | None = None,
    picture_file: Path | None = None,
    controls: bool = True,
) -> int:
    """0 when every chosen case has a row, whatever it says; 2 for bad input. Rows are printed and written."""
    console = Console(highlight=False)
    work = (work or default_work()).absolute()
    try:
        _check(jobs, json_file, picture_file)
        cases = chosen(read_cases(cases_file or shipped_cases()), tuple(only))
        work.mkdir(parents=True, exist_ok=True)
        sdk_folders()
    except ModuleNotFoundError as fault:
        print(f'the bench needs {fault.name}: pip install "autofix-app[demo]"', file=sys.stderr)
        return BAD_INPUT
    except (BadCases, BadOption, OSError) as fault:
        print(fault, file=sys.stderr)
        return BAD_INPUT
    # A polite end cleans up as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    rows = _told(console, cases, Bench(work, control=control if controls else None), jobs)
    print_summary(console, rows)
    if json_file is not None:
        json_file.write_text(json.dumps(result(rows), indent=1) + "\n", encoding="utf-8")
    if picture_file is not None:
        picture_file.write_text(picture(rows), encoding="utf-8")
    return 0


def run_all(cases: Sequence[Case], bench: Bench, jobs: int) -> Iterator[Row]:
    """A row for each case, as they finish. Whatever ends the iteration early also ends everything it started."""
    with ThreadPoolExecutor(jobs, thread_name_prefix="case") as pool:
        futures = [pool.submit(run_case, case, bench) for case in cases]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            bench.processes.stop()


def default_work() -> Path:
    """Where installations are kept between runs."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "autofix" / "bench"


def _told(console: Console, cases: Sequence[Case], bench: Bench, jobs: int) -> list[Row]:
    """The rows in the order of the cases; each is told when it is there."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    rows: dict[str, Row] = {}
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("crashes", total=len(cases))
        for row in run_all(cases, bench, jobs):
            rows[row.case.id] = row
            print_row(progress.console, row, len(rows), len(cases))
            progress.advance(task)
    return [rows[case.id] for case in cases]


def _check(jobs: int, *files: Path | None) -> None:
    if jobs < 1:
        raise BadOption(f"-j {jobs}: at least one case must run at a time")
    for file in files:
        if file is not None and (file.is_dir() or not file.absolute().parent.is_dir()):
            raise BadOption(f"{file} cannot be written: it is a folder, or there is no such folder")
