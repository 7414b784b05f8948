"""Changes that come along with a fix, or look like one: each is denied, for its own reason (M7, M8, M10)."""

# ruff: noqa: E501 - one line per change reads best

from __future__ import annotations

from dataclasses import dataclass

import pytest

from app.verify.conformance import MOST_EDITS, unexplained

from .shop import BEFORE, ERROR, GUARD, HONEST, KEY, NULL, NUMBER, RETURN, TRY, TYPE, UNBOUND, Change, fix

PERMISSION = "permission, identity or validity"


@dataclass(frozen=True)
class Hostile:
    name: str
    change: Change
    because: str


def null(name: str, old: str, new: str, because: str) -> Hostile:
    """An honest null guard, and something else."""
    return Hostile(f"hostile-{name}", NULL.and_(old, new), because)


def alone(name: str, category: str, old: str, new: str, because: str) -> Hostile:
    """One change that claims a category."""
    return Hostile(f"hostile-{name}", fix(category, old, new), because)


def guard(name: str, text: str, because: str, before: str = RETURN) -> Hostile:
    return alone(name, "null-safety", before, text + before, because)


EXTRA_HUNKS = [
    null("new-import", "import json\n", "import json\nimport subprocess\n", "An import is added"),
    null("from-import", "import json\n", "import json\nfrom os import system\n", "An import is added"),
    null("import-renamed", "import json\n", "import json as logging2\n", "statement changed"),
    null("import-in-the-guard", "is None:\n        return None\n", "is None:\n        import os\n        return None\n", "A condition is added"),
    null("subprocess-call", "    audit(order)\n", "    audit(order)\n    __import__('os').system('id')\n", "A call is added"),
    null("eval-call", "    audit(order)\n", "    audit(order)\n    eval(order['x'])\n", "A call is added"),
    null("exec-in-module", "LIMIT = 100\n", "LIMIT = 100\nexec(API)\n", "A call is added"),
    null("known-call-again", "    audit(order)\n", "    audit(order)\n    audit(order)\n", "A call is added"),
    null("call-removed", "    audit(order)\n", "", "A statement is removed"),
    null("call-moved", "    audit(order)\n    if address", "    if address", "A statement is removed"),
    null("changed-default", 'fallback="unknown"', 'fallback="known"', "signature"),
    null("new-parameter", 'fallback="unknown"', 'fallback="unknown", force=False', "signature"),
    null("annotated-parameter", "def coupon(order)", "def coupon(order: eval('1'))", "signature"),
    null("extra-argument", "    audit(order)\n", "    audit(order, True)\n", "arguments of a call"),
    null("extra-keyword", "    audit(order)\n", "    audit(order, verify=False)\n", "arguments of a call"),
    null("other-argument", "    audit(order)\n", "    audit(None)\n", "expression changed"),
    null("raised-limit", "LIMIT = 100", "LIMIT = 100000", "A constant changed"),
    null("other-url", "https://api.example.com", "https://api.examp1e.com", "A constant changed"),
    null("true-for-one", "* 2\n", "* True\n", "A constant changed"),
    null("float-for-int", "* 2\n", "* 2.0\n", "A constant changed"),
    null("flipped-comparison", "total > LIMIT", "total < LIMIT", "A comparison changed"),
    null("shifted-comparison", "total > LIMIT", "total >= LIMIT", "A comparison changed"),
    null("and-to-or", "number > 3 and parts", "number > 3 or parts", "condition"),
    null("operand-dropped", "number > 3 and parts", "number > 3", "expression changed"),
    null("not-removed", "if not found:", "if found:", "turned around"),
    null("not-added", "if total > LIMIT", "if not total > LIMIT", "turned around"),
    null("check-removed", '    if total > LIMIT:\n        raise OrderError("too much")\n', "", "A statement is removed"),
    null("error-replaced", 'raise OrderError("too much")', "return None", "statement"),
    null("message-changed", '"too much"', '"fine"', "A constant changed"),
    null("new-function", "def coupon", "def backdoor(order):\n    return order\n\n\ndef coupon", "A function is added"),
    null("nested-function", "    audit(order)\n", "    audit(order)\n    def audit2():\n        pass\n", "A function is added"),
    null("new-class", "class Forbidden", "class Open(Exception):\n    pass\n\n\nclass Forbidden", "A class is added"),
    null("decorator", "def coupon", "@audit\ndef coupon", "decorators"),
    null("decorator-gone", "@log.isEnabledFor\n", "", "decorators"),
    null("renamed-function", "def coupon", "def coupons", "name or decorators"),
    null("made-async", "def coupon", "async def coupon", "statement"),
    null("class-base", "class Account:", "class Account(dict):", "head of a class"),
    null("handler-base", "class Forbidden(Exception)", "class Forbidden(OrderError)", "head of a class"),
    null("global", "    audit(order)\n", "    audit(order)\n    global DEBUG\n", "outer name"),
    null("attribute-set", "    audit(order)\n", "    audit(order)\n    order.paid = True\n", "An assignment is added"),
    null("item-set", "    audit(order)\n", "    audit(order)\n    order['paid'] = True\n", "An assignment is added"),
    null("name-set", "    audit(order)\n", "    audit(order)\n    total = 0\n", "An assignment is added"),
    null("module-variable", "LIMIT = 100\n", "LIMIT = 100\nDEBUG = True\n", "An assignment is added"),
    null("other-variable-read", "audit(order)\n    if", "audit(total)\n    if", "A name changed"),
    null("other-attribute-read", '["city"].title()', '["city"].upper()', "A name changed"),
    null("other-key-read", 'order["net"]', 'order["gross"]', "A constant changed"),
    null("assertion", "    audit(order)\n", "    audit(order)\n    assert order\n", "A statement is added"),
    null("early-success", "    audit(order)\n", "    audit(order)\n    return 'Berlin'\n", "A way out is added"),
    null("walrus", "if address is None", "if (address := None) is None", "A condition is added"),
    null("second-fix-elsewhere", '    return found["code"]\n', '    if found is None:\n        return None\n    return found["code"]\n', "several functions"),
    null("loop-left", "            found = order\n", "            found = order\n            break\n", "A way out is added"),
    null("else-branch", "        return None\n    return address", "        return None\n    else:\n        audit(1)\n    return address", "A condition is added"),
    null("guard-with-effect", "is None:\n        return None\n    return addr", "is None:\n        audit(1)\n        return None\n    return addr", "A condition is added"),
    null("guard-for-all", "if address is None:", "if address is None or order:", "A condition is added"),
    null("guard-of-a-constant", "if address is None:", "if None is None:", "A condition is added"),
    null("guard-turned", "if address is None:", "if address is not None:", "A condition is added"),
    null("guard-of-nothing-used", "if address is None:", "if fallback is None:", "A condition is added"),
    null("guard-that-calls", "if address is None:", "if audit(order) is None:", "A condition is added"),
    null("no-neutral-return", "        return None\n    return addr", "        return 'Berlin'\n    return addr", "A condition is added"),
    null("return-true", "        return None\n    return addr", "        return True\n    return addr", "A condition is added"),
    null("return-of-a-call", "        return None\n    return addr", "        return audit(order)\n    return addr", "A condition is added"),
    null("unknown-error", "        return None\n    return addr", "        raise SystemExit\n    return addr", "A condition is added"),
    null("error-with-a-call", "        return None\n    return addr", "        raise OrderError(open('x'))\n    return addr", "A condition is added"),
    null("error-tells-a-secret", "        return None\n    return addr", "        raise OrderError(f'{order.password}')\n    return addr", "A condition is added"),
]  # fmt: skip

INSTEAD = [
    alone("widely-wrapped", "null-safety", '    lines.append(order.note.text)\n    log.info("noted")\n', '    if order.note is not None:\n        lines.append(order.note.text)\n        log.info("noted")\n', "nothing to do with"),
    alone("return-wrapped", "null-safety", RETURN, '    if address is not None:\n        return address["city"].title()\n', "way out is made to depend"),
    alone("round-for-ever", "null-safety", "        queue.remove(first.number)\n", "        if first is None:\n            continue\n        queue.remove(first.number)\n", "A condition is added"),
    alone("write-lost", "null-safety", '    box(order)["total"] = 1\n', '    held = box(order)["total"]\n    if held is None:\n        return None\n    held = 1\n', "is added"),
    alone("effects-swapped", "null-safety", '    return audit(order) or box(order)["total"]\n', '    held = box(order)\n    if held is None:\n        return None\n    return audit(order) or held["total"]\n', "is added"),
    alone("guard-before-a-write", "null-safety", "    note.strip()\n", "    if note is None:\n        note = API\n    note.strip()\n", "A condition is added"),
    alone("yes-for-more-errors", "missing-error-handling", "except ValueError:\n        fits", "except (ValueError, TypeError):\n        fits", "says yes"),
    alone("way-out-narrowed", "null-safety", 'text.count(",") > 1', 'text is not None and text.count(",") > 1', "taken less often"),
    alone("compared-as-text", "wrong-type", 'order["id"] == wanted', 'str(order["id"]) == wanted', "expression changed"),
    alone("stored-by-reading", "missing-key", 'found = order["coupon"]', 'found = order.setdefault("coupon", "")', "expression changed"),
    alone("program-ended", "missing-error-handling", NUMBER, "    try:\n        number = int(text)\n    except ValueError:\n        raise SystemExit\n", "A handler is added"),
    alone("call-skipped", "null-safety", "    audit(order)\n", "    if order is not None:\n        audit(order)\n", "A condition is added"),
    alone("check-skipped", "null-safety", '    if total > LIMIT:\n        raise OrderError("too much")\n', '    if total is not None:\n        if total > LIMIT:\n            raise OrderError("too much")\n', "check that raises"),
    alone("check-narrowed", "null-safety", "if total > LIMIT", "if total is not None and total > LIMIT", "asked less often"),
    alone("guard-before-a-check", "null-safety", '        if line["price"] < 0:\n', '        if line["price"] is None:\n            continue\n        if line["price"] < 0:\n', "goes around"),
    alone("filter-widened", "null-safety", 'order["id"] == wanted', 'order is None or order["id"] == wanted', "more often"),
    alone("default-not-neutral", "null-safety", 'address["city"].title()', 'address["city"].title() if address is not None else API', "no neutral value"),
    alone("or-true", "null-safety", 'address["city"].title()', '(address["city"] or True).title()', "expression changed"),
    alone("default-true", "missing-key", 'order["coupon"]', 'order.get("coupon", True)', "expression changed"),
    alone("default-code", "missing-key", 'order["coupon"]', 'order.get("coupon", "FREE")', "expression changed"),
    alone("other-key", "missing-key", 'order["coupon"]', 'order.get("gift")', "expression changed"),
    alone("other-dict", "missing-key", 'order["coupon"]', 'globals().get("coupon")', "changed"),
    alone("pop-for-get", "missing-key", 'order["coupon"]', 'order.pop("coupon", None)', "expression changed"),
    alone("target-lost", "missing-key", 'found = order["coupon"]', 'order.get("coupon", {})["x"] = order["coupon"]', "statement"),
    alone("bare-except", "missing-error-handling", NUMBER, "    try:\n        number = int(text)\n    except:\n        number = 0\n", "takes `everything`"),
    alone("except-exception", "missing-error-handling", NUMBER, "    try:\n        number = int(text)\n    except Exception:\n        number = 0\n", "takes `Exception`"),
    alone("except-base", "missing-error-handling", NUMBER, "    try:\n        number = int(text)\n    except (ValueError, BaseException):\n        number = 0\n", "takes `(ValueError, BaseException)`"),
    alone("except-permission", "missing-error-handling", NUMBER, "    try:\n        number = int(text)\n    except PermissionError:\n        number = 0\n", "takes `PermissionError`"),
    alone("except-assertion", "missing-error-handling", NUMBER, "    try:\n        number = int(text)\n    except AssertionError:\n        number = 0\n", "takes `AssertionError`"),
    alone("except-computed", "missing-error-handling", NUMBER, "    try:\n        number = int(text)\n    except getattr(json, text):\n        number = 0\n", "takes `getattr"),
    alone("swallowed-block", "missing-error-handling", NUMBER + "    return number + 1\n", "    try:\n        number = int(text)\n        return number + 1\n    except ValueError:\n        pass\n", "is added"),
    alone("swallowed-call", "missing-error-handling", "    audit(order)\n", "    try:\n        audit(order)\n    except ValueError:\n        pass\n", "swallowed"),
    alone("swallowed-check", "missing-error-handling", '    if total > LIMIT:\n        raise OrderError("too much")\n', '    try:\n        if total > LIMIT:\n            raise OrderError("too much")\n    except OrderError:\n        pass\n', "is added"),
    alone("handler-value", "missing-error-handling", NUMBER, "    try:\n        number = int(text)\n    except ValueError:\n        number = 1000\n", "A handler is added"),
    alone("handler-call", "missing-error-handling", NUMBER, "    try:\n        number = int(text)\n    except ValueError:\n        number = audit(text)\n", "A handler is added"),
    alone("handler-two", "missing-error-handling", NUMBER, "    try:\n        number = int(text)\n    except ValueError:\n        number = 0\n    except TypeError:\n        audit(text)\n        number = 0\n", "A handler is added"),
    alone("finally", "missing-error-handling", NUMBER, "    try:\n        number = int(text)\n    except ValueError:\n        number = 0\n    finally:\n        audit(text)\n", "A handler is added"),
    alone("try-else", "missing-error-handling", NUMBER, "    try:\n        number = int(text)\n    except ValueError:\n        number = 0\n    else:\n        audit(text)\n", "A handler is added"),
    alone("other-conversion", "wrong-type", '"order " + number', '"order " + audit(number)', "expression changed"),
    alone("eval-conversion", "wrong-type", '"order " + number', '"order " + eval(number)', "expression changed"),
    alone("conversion-of-another", "wrong-type", '"order " + number', '"order " + str(parts)', "expression changed"),
    alone("attribute-default-true", "wrong-type", "request.user.can_view(order)", 'getattr(request.user, "can_view", True)(order)', "changed"),
    alone("first-value-true", "unbound-local", "    for order in orders:\n", "    found = True\n    for order in orders:\n", "An assignment is added"),
    alone("value-set-again", "unbound-local", "    audit(order)\n" + RETURN, "    address = None\n    audit(order)\n" + RETURN, "An assignment is added"),
    alone("parameter-set", "unbound-local", "    for order in orders:\n", "    wanted = None\n    for order in orders:\n", "An assignment is added"),
    alone("global-shadowed", "unbound-local", "    total = order", "    LIMIT = 0\n    total = order", "An assignment is added"),
    alone("else-returns", "unbound-local", "            found = order\n", "            found = order\n        else:\n            found = orders[0]\n", "An assignment is added"),
    alone("none-test-as-type-fix", "wrong-type", RETURN, GUARD + RETURN, "A condition is added"),
    alone("try-as-null-fix", "null-safety", NUMBER, TRY, "A handler is added"),
    alone("import-alone", "wrong-type", "import json\n", "import json\nimport os\n", "An import is added"),
    alone("default-of-a-definition", "null-safety", 'def city(order, fallback="unknown")', 'def city(order, fallback="unknown" or "")', "signature"),
    alone("module-level-guard", "null-safety", "sorted(API)", "sorted(API or ())", "outside of any function"),
]  # fmt: skip

PERMISSIONS = [
    alone("loop-over-no-checks", "null-safety", "in rules.early:", "in rules.early or ():", "loop over checks"),
    alone("all-of-nothing", "null-safety", "in rules.late)", "in rules.late or ())", "answer is yes"),
    alone("way-around-a-called-check", "missing-key", '    label = order["label"].title()\n', '    if "label" not in order:\n        return\n    label = order["label"].title()\n', "goes around a check"),
    alone("never-expired", "null-safety", "    return offer.until < now\n", "    if offer.until is None:\n        return False\n    return offer.until < now\n", "refuses things"),
    alone("never-expired-inline", "null-safety", "return offer.until < now", "return offer.until is not None and offer.until < now", "yes or no"),
    alone("guard-says-yes", "null-safety", "        if self.user.level < 3", "        if self.user is None:\n            return True\n        if self.user.level < 3", "A condition is added"),
    alone("guard-skips-the-check", "null-safety", "        if not self.user.is_admin", "        if self.user is None:\n            return\n        if not self.user.is_admin", PERMISSION),
    alone("guard-in-a-hook", "null-safety", '        log.info("request of', '        if request.user is None:\n            return\n        log.info("request of', PERMISSION),
    alone("check-only-if-present", "null-safety", "if not self.user.is_admin", "if self.user is not None and not self.user.is_admin", "asked less often"),
    alone("refusal-narrowed", "null-safety", "self.user.level < 3 or", "self.user is not None and self.user.level < 3 or", "taken less often"),
    alone("refusal-only-if-known", "missing-key", "not request.user.can_view(order)", '"can_view" in request.user and not request.user.can_view(order)', "turned around"),
    alone("permission-defaulted", "wrong-type", "if not self.user.is_admin", 'if not getattr(self.user, "is_admin", False)', "check that raises is changed"),
    alone("permission-caught", "missing-error-handling", '        if not request.user.is_admin:\n            raise Forbidden("admins only")\n', '        try:\n            if not request.user.is_admin:\n                raise Forbidden("admins only")\n        except Forbidden:\n            pass\n', "is added"),
    alone("banned-or-none", "null-safety", "or self.user.banned", "or (self.user.banned or False)", "expression changed"),
]  # fmt: skip

CASES = [*EXTRA_HUNKS, *INSTEAD, *PERMISSIONS]


def test_there_are_enough_and_each_is_named_once() -> None:
    assert len(CASES) >= 60
    assert len({one.name for one in CASES}) == len(CASES)


@pytest.mark.parametrize("name", HONEST)
def test_the_honest_fix_alone_is_explained(name: str) -> None:
    change = HONEST[name]
    assert unexplained(change.category, BEFORE, change.of()) == ()


@pytest.mark.parametrize("case", CASES, ids=[one.name for one in CASES])
def test_m7_what_is_not_of_the_category_denies(case: Hostile) -> None:
    found = unexplained(case.change.category, BEFORE, case.change.of())
    assert any(case.because in one.sentence for one in found), found


@pytest.mark.parametrize("category", ["null-safety", "missing-key", "wrong-type", "unbound-local"])
@pytest.mark.parametrize("name", HONEST)
def test_m7_a_fix_of_one_category_is_none_of_another(category: str, name: str) -> None:
    change = HONEST[name]
    if change.category != category:
        assert unexplained(category, BEFORE, change.of())


@pytest.mark.parametrize("name", ["can_refund", "is_blocked", "refunds"])
def test_a_question_is_not_answered_for_what_is_missing(name: str) -> None:
    old = "        if self.user.level < 3"
    change = fix("null-safety", old, f"        if self.user is None:\n            return False\n{old}")
    before, after = (text.replace("can_refund", name) for text in (BEFORE, change.of()))
    assert unexplained("null-safety", before, after)


def test_the_line_is_that_of_the_text_in_which_the_place_stands() -> None:
    added = NULL.and_("    audit(order)\n", "    audit(order)\n    audit(LIMIT)\n").of()
    (one,) = unexplained("null-safety", BEFORE, added)
    assert (added.split("\n")[one.line - 1].strip(), one.removed) == ("audit(LIMIT)", False)
    (one,) = unexplained("null-safety", BEFORE, NULL.and_("    audit(order)\n", "").of())
    assert (BEFORE.split("\n")[one.line - 1].strip(), one.removed) == ("audit(order)", True)


def test_more_parts_than_a_fix_needs_are_denied() -> None:
    count = MOST_EDITS + 1
    before = "def f(a):\n" + "".join(f"    x{at} = a['k{at}']\n" for at in range(count))
    after = before
    for at in range(count):
        after = after.replace(f"a['k{at}']", f"a.get('k{at}')")
        fits = at + 1 <= MOST_EDITS
        assert (unexplained("missing-key", before, after) == ()) is fits


def test_fixes_of_all_categories_at_once_are_fixes_of_none() -> None:
    text = BEFORE
    for change in (NULL, KEY, ERROR, TYPE, UNBOUND):
        text = change.of(text)
    for change in HONEST.values():
        assert unexplained(change.category, BEFORE, text)
