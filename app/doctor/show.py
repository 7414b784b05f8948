"""A diagnosis on the terminal: one row a finding, then what to change, then how far autonomy reaches."""

from __future__ import annotations

import re
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.core.markdown import visible
from app.doctor.finding import Diagnosis, Finding, Level, Mark

_MARKS = {Mark.PASSED: ("✓", "green"), Mark.FAILED: ("✗", "red"), Mark.UNKNOWN: ("?", "yellow")}
_CODE = re.compile(r"`([^`]*)`")


def show(diagnosis: Diagnosis, console: Console) -> None:
    """The diagnosis stands on `console`. Everything that comes from the repository is printed as plain text."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(width=1)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in diagnosis.findings:
        sign, style = _MARKS[finding.mark]
        table.add_row(Text(sign, style=style), finding.name, _plain(finding.found))
    console.print(table)
    changes = [finding for finding in diagnosis.findings if finding.mark is not Mark.PASSED]
    if changes:
        console.print()
        console.print(Text("To change", style="bold"))
    for finding in changes:
        _change(finding, console)
    console.print()
    console.print(conclusion(diagnosis), soft_wrap=True)


def conclusion(diagnosis: Diagnosis) -> Text:
    """How far autonomy reaches now, and the next step, in one line."""
    text = Text("Autonomy reaches: ")
    text.append(str(diagnosis.reach), style="bold")
    if diagnosis.reach is not Level.VERIFIED and not diagnosis.blockers:
        text.append(" (the policy itself stops there)")
    return text.append(". Next: ").append_text(_plain(diagnosis.next_step)).append(".")


def _change(finding: Finding, console: Console) -> None:
    sign, style = _MARKS[finding.mark]
    blocks = f"blocks {finding.blocks.means}" if finding.blocks is not None else "advice"
    head = Text.assemble((sign, style), f" {finding.name} ", (f"({blocks})", "dim"))
    console.print(head)
    body = finding.change or f"could not be read: {finding.found}"
    console.print(Text("    ").append_text(_plain(body)), soft_wrap=True)
    if finding.where:
        console.print(Text("    ").append(visible(finding.where), style="cyan"), soft_wrap=True)


def as_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """The diagnosis for machines."""
    return {
        "version": 1,
        "repository": diagnosis.repository,
        "reaches": str(diagnosis.reach),
        "settings_allow": str(diagnosis.possible),
        "policy_wants": str(diagnosis.wanted),
        "next": diagnosis.next_step,
        "findings": [
            {
                "check": finding.name,
                "result": finding.mark.value,
                "found": finding.found,
                "blocks": None if finding.blocks is None else str(finding.blocks),
                "change": finding.change,
                "where": finding.where,
            }
            for finding in diagnosis.findings
        ],
    }


def _plain(text: str) -> Text:
    """`text` without control characters, its code spans emphasised."""
    parts = _CODE.split(" ".join(visible(text).split()))
    return Text.assemble(*((part, "bold" if index % 2 else "") for index, part in enumerate(parts)))
