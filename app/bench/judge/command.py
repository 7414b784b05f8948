"""`autofix bench judge` from its arguments to its exit status."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from rich.console import Console

from app.bench.judge.incidents import Setting
from app.bench.judge.measure import measured
from app.bench.judge.report import result, show

KEPT, BROKEN, BAD_INPUT = 0, 1, 2


def bench(runs: int, json_file: Path | None) -> int:
    """0 if every rule that must keeps to alpha, 1 if one does not, 2 for bad input."""
    if runs < 1:
        print("at least one incident of each kind must be simulated", file=sys.stderr)
        return BAD_INPUT
    if json_file is not None and not json_file.parent.is_dir():
        print(f"{json_file} cannot be written: its folder does not exist", file=sys.stderr)
        return BAD_INPUT
    console, started = Console(), time.perf_counter()
    with console.status("simulating") as status:
        cells = measured(runs, done=lambda setting: status.update(_told(setting)))
    seconds = time.perf_counter() - started
    show(console, cells)
    console.print(f"\n{runs} incidents of each kind, {seconds:.0f} s", highlight=False)
    answer = result(cells, seconds)
    if json_file is not None:
        json_file.write_text(json.dumps(answer, indent=2) + "\n", encoding="utf-8")
    broken = [cell for cell in cells if cell.breaks_its_word]
    for cell in broken:
        rate = f"{cell.fixed} of {cell.runs} false at {cell.setting.per_minute:g} a minute"
        print(f"{cell.rule} does not keep to alpha: {rate}", file=sys.stderr)
    return BROKEN if broken else KEPT


def _told(setting: Setting) -> str:
    return f"simulated {setting.per_minute:g} errors a minute, new rate {setting.change:g} of the old one"
