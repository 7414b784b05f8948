"""A small file of a shop, an honest fix of it for each category, and changes that come along with a fix."""

from __future__ import annotations

from dataclasses import dataclass

BEFORE = '''\
"""Orders."""

import json
import logging

LIMIT = 100
API = "https://api.example.com"
LETTERS = sorted(API)
log = logging.getLogger(__name__)


class OrderError(Exception):
    pass


class Forbidden(Exception):
    pass


def audit(order):
    log.info("seen %s", order)


def city(order, fallback="unknown"):
    # the address may be old
    total = order["net"] * 2
    if total > LIMIT:
        raise OrderError("too much")
    address = order["address"]
    audit(order)
    return address["city"].title()


def coupon(order):
    found = order["coupon"]
    if not found:
        return None
    return found["code"]


def quantity(text):
    if text == "-":
        raise OrderError(f"not a quantity: {text!r}")
    number = int(text)
    return number + 1


def label(number, parts):
    if number > 3 and parts:
        return "many"
    return "order " + number


def last(orders, wanted):
    for order in orders:
        if order["id"] == wanted:
            found = order
    return found


def notes(order, lines, note=""):
    note.strip()
    lines.append(order.note.text)
    log.info("noted")
    return lines


def waiting(queue):
    while queue:
        first = queue[0]
        queue.remove(first.number)
    return len(queue)


def entry(order, box):
    box(order)["total"] = 1
    return audit(order) or box(order)["total"]


def price(text):
    try:
        number = float(text)
        fits = number > 0
    except ValueError:
        fits = True
    if text.count(",") > 1:
        return None
    return number if fits else 0


def fits(rules, order):
    for rule in rules.early:
        if rule.breaks(order):
            raise OrderError("broken")
    return all(rule.holds(order) for rule in rules.late)


def prepare(order):
    label = order["label"].title()
    check_stock(order)
    audit(label)


def is_expired(offer, now):
    return offer.until < now


class Account:
    def __init__(self, user):
        self.user = user

    def can_refund(self, order):
        if self.user.level < 3 or self.user.banned:
            return False
        return True

    def require_admin(self):
        if not self.user.is_admin:
            raise Forbidden("admins only")

    def before_request(self, request):
        log.info("request of %s", request.user.name)
        if not request.user.is_admin:
            raise Forbidden("admins only")


@log.isEnabledFor
def view(request, order):
    for line in order["lines"]:
        if line["price"] < 0:
            raise OrderError("negative")
        audit(line["name"].upper())
    if not request.user.can_view(order):
        return None
    return order["id"]
'''


@dataclass(frozen=True)
class Change:
    """A change of `BEFORE` that claims a category: pairs of an old text and the new one."""

    category: str
    edits: tuple[tuple[str, str], ...]

    def of(self, text: str = BEFORE) -> str:
        for old, new in self.edits:
            assert text.count(old) == 1, (old, text.count(old))
            text = text.replace(old, new)
        return text

    def and_(self, old: str, new: str) -> Change:
        return Change(self.category, (*self.edits, (old, new)))


def fix(category: str, old: str, new: str) -> Change:
    return Change(category, ((old, new),))


RETURN = '    return address["city"].title()\n'
GUARD = "    if address is None:\n        return None\n"
NULL = fix("null-safety", RETURN, GUARD + RETURN)
KEY = fix("missing-key", 'found = order["coupon"]', 'found = order.get("coupon")')
NUMBER = "    number = int(text)\n"
TRY = (
    "    try:\n        number = int(text)\n    except ValueError as error:\n"
    '        raise OrderError(f"not a quantity: {text!r}") from error\n'
)
ERROR = fix("missing-error-handling", NUMBER, TRY)
TYPE = fix("wrong-type", '"order " + number', '"order " + str(number)')
UNBOUND = fix("unbound-local", "    for order in orders:\n", "    found = None\n    for order in orders:\n")
HONEST = {"null": NULL, "key": KEY, "error": ERROR, "type": TYPE, "unbound": UNBOUND}
