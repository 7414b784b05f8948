"""The result as an SVG: one square a case, a row of squares a category, coloured by what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from app.bench.report import share
from app.bench.summary import Summary, by_category, strict_core
from app.bench.verdict import Row, Verdict


@dataclass(frozen=True, slots=True)
class _Look:
    """How a square looks, and what that means."""

    meaning: str
    fill: str
    outlined: bool = False


# Told apart also by those who do not tell red from green: their lightness differs.
_FIXED = _Look("same result as upstream", "#14805e")
_LEFT_RIGHTLY = _Look("rightly left to a person", "#8fcbb2")
_LOOKS = {
    Verdict.CORRECT: _FIXED,
    Verdict.PLAUSIBLE: _Look("no crash, other output", "#f2b134"),
    Verdict.WRONG: _Look("wrong", "#c4314b"),
    Verdict.ESCALATED: _Look("left to a person", "#bcc6d2"),
    Verdict.ERROR: _Look("could not be judged", "#ffffff", outlined=True),
}
_LEGEND = (_FIXED, _LEFT_RIGHTLY, *list(_LOOKS.values())[1:])
_INK, _SOFT, _LINE, _PAPER = "#1f2933", "#616e7c", "#9aa5b1", "#ffffff"
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_WIDTH, _MARGIN = 960, 32
_SIDE, _STEP, _PER_LINE = 16, 20, 30
_LEFT, _RIGHT = 232, _WIDTH - _MARGIN
_TOP, _BETWEEN, _FOOT = 132, 16, 32
_LETTER, _LEGEND_STEP = 7, 26


def picture(rows: Sequence[Row]) -> str:
    """A whole SVG document."""
    parts: list[str] = []
    top = _TOP
    for name, summary in by_category(rows).items():
        among = [row for row in rows if row.case.category == name]
        parts += _category(name.replace("_", " "), among, summary, top)
        top += _STEP * -(-len(among) // _PER_LINE) + _BETWEEN
    legend, height = _legend(rows, top + _BETWEEN)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" font-family="{_FONT}">'
    )
    paper = f'<rect width="{_WIDTH}" height="{height}" rx="12" fill="{_PAPER}"/>'
    lines = (
        opening,
        *_title(rows),
        paper,
        *_heading(rows),
        *parts,
        *legend,
        "</svg>",
    )
    return "\n".join(lines) + "\n"


def _title(rows: Sequence[Row]) -> Iterator[str]:
    """What those hear who do not see it."""
    counts = ", ".join(f"{sum(row.verdict is verdict for row in rows)} {verdict}" for verdict in Verdict)
    yield f"<title>{len(rows)} crashes of released packages: {counts}</title>"


def _heading(rows: Sequence[Row]) -> Iterator[str]:
    whole, core = Summary.of(rows), strict_core(rows)
    headline = f"{whole.correct} of {whole.to_fix} real crashes fixed, with the same result as upstream's fix"
    yield _text(_MARGIN, 50, headline, size=23, weight=650)
    second = [f"of its fixes, {share(whole.precision)} are correct"]
    if whole.auto_mergeable:
        merged = f"{whole.auto_mergeable_correct} of {whole.auto_mergeable}"
        second.append(f"of those it would merge without a person, {merged}")
    yield _text(_MARGIN, 76, f"{'; '.join(second)}.".capitalize(), size=14, colour=_SOFT)
    third = [f"Strict core: {core.correct} of {core.to_fix}"] if core.to_fix else []
    if whole.no_fix:
        third.append(f"not to be fixed, and a person called: {whole.no_fix_escalated} of {whole.no_fix}")
    if whole.median_seconds is not None:
        third.append(f"median {whole.median_seconds:.1f} s")
    yield _text(_MARGIN, 97, "   ·   ".join(third), size=14, colour=_SOFT)


def _category(name: str, rows: Sequence[Row], summary: Summary, top: int) -> Iterator[str]:
    middle = top + _SIDE - 3
    yield _text(_LEFT - 16, middle, name, size=14, anchor="end")
    right, due = (
        (summary.correct, summary.to_fix) if summary.to_fix else (summary.no_fix_escalated, summary.no_fix)
    )
    yield _text(_RIGHT, middle, f"{right} of {due}", size=13, anchor="end", colour=_SOFT)
    order = list(Verdict)
    ordered = sorted(rows, key=lambda row: (order.index(row.verdict), not row.auto_mergeable, row.case.id))
    for index, row in enumerate(ordered):
        line, place = divmod(index, _PER_LINE)
        told = f"{row.case.id}: {row.verdict}. {row.reason}"
        yield f"<g><title>{escape(_printable(told))}</title>"
        yield from _square(_LEFT + place * _STEP, top + line * _STEP, _look(row), merged=row.auto_mergeable)
        yield "</g>"


def _look(row: Row) -> _Look:
    rightly = row.case.kind == "no_fix" and row.verdict is Verdict.ESCALATED
    return _LEFT_RIGHTLY if rightly else _LOOKS[row.verdict]


def _square(x: int, y: int, look: _Look, *, merged: bool = False) -> Iterator[str]:
    edge = f' stroke="{_LINE}" stroke-dasharray="3 2"' if look.outlined else ""
    yield f'<rect x="{x}" y="{y}" width="{_SIDE}" height="{_SIDE}" rx="3" fill="{look.fill}"{edge}/>'
    if merged:
        yield f'<circle cx="{x + _SIDE // 2}" cy="{y + _SIDE // 2}" r="3" fill="{_PAPER}"/>'


def _legend(rows: Sequence[Row], top: int) -> tuple[list[str], int]:
    """What the squares mean, in as many lines as that takes, and where the picture ends below them."""
    seen = {_look(row) for row in rows}
    entries = [(look, look.meaning, False) for look in _LEGEND if look in seen]
    if any(row.auto_mergeable for row in rows):
        entries.append((_FIXED, "it would merge without a person", True))
    parts: list[str] = []
    x = _MARGIN
    for look, meaning, merged in entries:
        width = _SIDE + 7 + _LETTER * len(meaning)
        if x + width > _RIGHT:
            x, top = _MARGIN, top + _LEGEND_STEP
        parts += _square(x, top, look, merged=merged)
        parts.append(_text(x + _SIDE + 7, top + _SIDE - 3, meaning, size=13, colour=_SOFT))
        x += width + 18
    return parts, top + _SIDE + _FOOT


def _text(
    x: int, y: int, text: str, *, size: int, weight: int = 400, anchor: str = "start", colour: str = _INK
) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="{colour}">{escape(_printable(text))}</text>'
    )


def _printable(text: str) -> str:
    """What XML can hold: the output of a broken package is any characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
