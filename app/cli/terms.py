"""What the commands share: where they register, and what their exit statuses mean."""

from __future__ import annotations

import argparse
from typing import TypeAlias

FAILED = 1
BAD_INPUT = 2
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse gives it no public name
