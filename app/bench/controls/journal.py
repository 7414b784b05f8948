"""What a program of `inside/` had written down by the time it ended, by itself or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def entries(journal: Path) -> dict[Any, Any]:
    """The last entry of each test or call; a line cut short by the program's end is left out."""
    found = {}
    if journal.exists():
        for line in journal.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                key, value = json.loads(line)
            except ValueError:
                continue
            found[key] = value
    return found
