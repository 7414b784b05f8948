"""A call that the repository handles elsewhere is handled in the same way here.

What it fixes:
    A call raises here without a handler; the same call stands in a `try` somewhere else, with an answer to the error.

Why it fails:
    The call was written twice, and only one of the places expects bad input.

Fix safety:
    Unsafe in general: a handler that fits one place need not fit another, so a person reviews. The nearer the model,
    the stronger the evidence: the same function, the same class, the same file. A handler that does not fit the place
    is no model: one that leaves a name without a value, reads what is not here, or stands in a test.

References:
    Python Language Reference, "The try statement".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.edit import Around, Import
from app.fix.elsewhere import fits, missing_imports, models, written
from app.fix.handlers import is_caught_here, takes_try
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Unchanged
from app.fix.scope import raises_own
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the failing statement into a `try` with the handler of the model."""
    call = site.node
    if not isinstance(call, ast.Call) or not takes_try(site.statement) or is_caught_here(site):
        return
    for model in sorted(models(site, call), key=lambda one: one.strength):
        body = model.handler.body
        if not fits(site, model):
            continue
        types = model.code.text(model.handler.type) if model.handler.type is not None else ""
        name = f" as {model.handler.name}" if model.handler.name else ""
        text = written(model, body)
        if text is None:
            continue
        place = f"{model.path}:{model.handler.lineno}"
        yield Proposal(
            (
                Around((site.statement,), "try:", f"except {types}{name}:\n{text}"),
                *(Import(line) for _, line in missing_imports(site, model)),
            ),
            f"Handle {site.trace.names[0]} of `{site.text(call.func)}()` as line {model.handler.lineno} does",
            (f"{place} handles the same error of the same call.",),
            "Only executions in which the statement raised this go another way.",
            model.strength,
            safe=False,
            raises=raises_own(model.handler),
        )
        return


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.UNSAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.RAISED}),
    codemod=codemod,
    examples=(
        Example(
            """\
from datetime import date


def ordered(order):
    try:
        return date.fromisoformat(order["ordered"])
    except ValueError:
        return None


def paid(order):
    return date.fromisoformat(order["paid"])


assert paid({"paid": "tomorrow"}) is None
""",
            """\
from datetime import date


def ordered(order):
    try:
        return date.fromisoformat(order["ordered"])
    except ValueError:
        return None


def paid(order):
    try:
        return date.fromisoformat(order["paid"])
    except ValueError:
        return None


assert paid({"paid": "tomorrow"}) is None
""",
        ),
        Example(
            """\
import ipaddress


def allowed(lines):
    networks = []
    for line in lines:
        try:
            network = ipaddress.ip_network(line)
        except ValueError:
            continue
        networks.append(network)
    return networks


def denied(lines):
    networks = set()
    for line in lines:
        network = ipaddress.ip_network(line)
        networks.add(network)
    return networks


assert len(denied(["10.0.0.0/8", "office"])) == 1
""",
            """\
import ipaddress


def allowed(lines):
    networks = []
    for line in lines:
        try:
            network = ipaddress.ip_network(line)
        except ValueError:
            continue
        networks.append(network)
    return networks


def denied(lines):
    networks = set()
    for line in lines:
        try:
            network = ipaddress.ip_network(line)
        except ValueError:
            continue
        networks.add(network)
    return networks


assert len(denied(["10.0.0.0/8", "office"])) == 1
""",
        ),
        Example(
            """\
import json


class CartError(Exception):
    pass


class Cart:
    def load(self, text):
        try:
            self.lines = json.loads(text)
        except ValueError as error:
            raise CartError(f"not a cart: {text}") from error

    def merge(self, text):
        lines = json.loads(text)
        self.lines.extend(lines)


try:
    Cart().merge("A, B")
except CartError:
    pass
""",
            """\
import json


class CartError(Exception):
    pass


class Cart:
    def load(self, text):
        try:
            self.lines = json.loads(text)
        except ValueError as error:
            raise CartError(f"not a cart: {text}") from error

    def merge(self, text):
        try:
            lines = json.loads(text)
        except ValueError as error:
            raise CartError(f"not a cart: {text}") from error
        self.lines.extend(lines)


try:
    Cart().merge("A, B")
except CartError:
    pass
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
from datetime import date


def reminders(orders):
    found = []
    for order in orders:
        try:
            found.append(date.fromisoformat(order["due"]))
        except ValueError:
            pass
    return found


def weekday(order):
    due = date.fromisoformat(order["due"])
    return due.strftime("%A")


weekday({"due": "tomorrow"})
""",
            "The handler elsewhere goes on without the date, which this function needs.",
        ),
        Unchanged(
            """\
from datetime import date


def moved(order):
    try:
        return date.fromisoformat(order["due"])
    except ValueError:
        return None


def due(order) -> date:
    return date.fromisoformat(order["due"])


due({"due": "tomorrow"})
""",
            "The handler elsewhere answers with None, and this function is declared to give a date.",
        ),
        Unchanged(
            """\
def pieces(line):
    try:
        return int(line["pieces"])
    except ValueError:
        return 1


def year(card):
    return int(card["year"])


year({"year": "MMXXX"})
""",
            "Everything is converted with `int()`: that a number of pieces is handled says nothing about a year.",
        ),
    ),
)
