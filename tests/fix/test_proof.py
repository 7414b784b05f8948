"""The checker proves what is conservative and nothing else; what it proves is run against the old program."""

from __future__ import annotations

import copy
import re
import traceback
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from types import CodeType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from app.core.exceptions import ancestors
from app.core.model import Applicability, CodeFrame, Failure, RootCause
from app.core.source import LoadedTree
from app.core.syntax import Code
from app.fix.conventions import conventions_of
from app.fix.engine import Candidate, candidates
from app.fix.proof import unproven
from app.fix.reliance import relied_on
from app.fix.site import Site, Trace
from app.investigate.expression import find_failure

from .conftest import SHA

PATH = "shop.py"
PROGRAMS = Path(__file__).parents[1] / "fixtures" / "proofs.txt"
VALUES = st.one_of(
    st.none(),
    st.integers(-3, 3),
    st.booleans(),
    st.sampled_from(["", "a", "b,c", " . ", ".", "/"]),
    st.lists(st.one_of(st.none(), st.integers(0, 2), st.just("a")), max_size=4),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.one_of(st.none(), st.integers(0, 2)), max_size=3),
    st.sets(st.integers(0, 3), max_size=3),
    st.just(b""),
    st.just(int),
    st.just(PurePosixPath("a/b")),
)


@dataclass(frozen=True)
class Form:
    """A program, the call that fails in it, versions that are proven (`+++`) and versions that are not (`---`)."""

    name: str
    call: str
    before: str
    proven: tuple[str, ...]
    denied: tuple[str, ...]


def read_forms() -> list[Form]:
    forms: list[Form] = []
    for block in re.split(r"^=== ", PROGRAMS.read_text(), flags=re.MULTILINE)[1:]:
        head, _, programs = block.partition("\n")
        name, _, call = head.partition(": ")
        before, *versions = re.split(r"^(\+\+\+|---)\n", programs, flags=re.MULTILINE)
        pairs = list(zip(versions[::2], versions[1::2], strict=True))
        proven = tuple(text for mark, text in pairs if mark == "+++")
        forms.append(Form(name, call, before, proven, tuple(text for mark, text in pairs if mark == "---")))
    return forms


FORMS = read_forms()


@lru_cache(maxsize=8)
def compiled(source: str) -> CodeType:
    return compile(source, PATH, "exec")


def run(source: str, call: str, **names: Any) -> Any:
    """What the call gives, in a program of its own."""
    space: dict[str, Any] = {"__builtins__": {**__builtins__, "print": lambda *_: None}, **names}  # type: ignore[dict-item]
    exec(compiled(source), space)  # noqa: S102 - the programs are our own
    return eval(call, space)  # noqa: S307 - likewise


def recorded(value: object) -> JsonValue:
    """A local as an error tracker records it."""
    if isinstance(value, dict):
        return {str(key): recorded(one) for key, one in value.items()}
    return [recorded(one) for one in value] if isinstance(value, list) else repr(value)


def site_of(source: str, call: str, others: dict[str, str] | None = None) -> Site:
    """The site of the failure of the call."""
    try:
        run(source, call)
    except Exception as error:  # noqa: BLE001 - which one is part of the case
        frames = [one for one in traceback.walk_tb(error.__traceback__) if one[0].f_code.co_filename == PATH]
        frame, line = frames[-1]
        locals_ = {name: recorded(one) for name, one in frame.f_locals.items()}
        kind, message = type(error).__name__, str(error)
    else:
        pytest.fail("the program does not fail")
    failure = find_failure(source, line, frame.f_code.co_name, kind, message, locals_)
    assert isinstance(failure, Failure), failure
    code = Code.parse(source)
    assert code is not None
    tree = LoadedTree(frozenset({PATH, *(others or {})}), {PATH: source, **(others or {})})
    trace = Trace(ancestors(kind), message)
    site = Site.locate(code, PATH, failure, locals_, conventions_of(tree, PATH), trace)
    assert site is not None
    return site


def cases(*, proven: bool) -> list[Any]:
    return [
        pytest.param(form, after, id=f"{form.name}_{number}")
        for form in FORMS
        for number, after in enumerate(form.proven if proven else form.denied)
    ]


def test_the_table_is_as_large_as_promised() -> None:
    assert len(cases(proven=True)) >= 60
    assert len(cases(proven=False)) >= 100


@pytest.mark.parametrize(("form", "after"), cases(proven=True))
def test_proven(form: Form, after: str) -> None:
    assert unproven(site_of(form.before, form.call), after) is None


@pytest.mark.parametrize(("form", "after"), cases(proven=False))
def test_denied(form: Form, after: str) -> None:
    complaint = unproven(site_of(form.before, form.call), after)
    assert complaint is not None
    assert complaint.endswith(".")


@pytest.mark.parametrize(
    ("form", "after"), [one for one in cases(proven=True) if "async" not in one.values[1]]
)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(x=VALUES, y=VALUES)
def test_what_did_not_raise_is_as_before(form: Form, after: str, x: object, y: object) -> None:
    if form.name in ACCEPTED and isinstance(x, ACCEPTED[form.name]):
        return  # of another kind than the assumptions allow at this place
    olds, news = copy.deepcopy((x, y)), copy.deepcopy((x, y))
    call = "f(x, y)"
    try:
        old = run(form.before, call, x=olds[0], y=olds[1])
    except Exception:  # noqa: BLE001 - any
        return  # an execution that raised
    assert repr(run(after, call, x=news[0], y=news[1])) == repr(old)
    assert repr(news) == repr(olds)


# Values of a kind that has another meaning at the place than the one that failed (the third assumption).
ACCEPTED: dict[str, type | tuple[type, ...]] = {
    "missing_key": (list, str, bytes, tuple),
    "starts_with": list,
    "ends_with_not": list,
    "discard": list,
    "count": list,
    "pop_key": list,
}

LOOKUP = """\
def look_up(x, y=0):
    return x[y] + 1
"""


@pytest.mark.parametrize(
    ("other", "relied"),
    [
        ("def g(x):\n    try:\n        return look_up(x)\n    except KeyError:\n        return 0\n", True),
        ("def g(x):\n    try:\n        return look_up(x)\n    except (OSError, LookupError):\n        raise\n", True),
        ("E = (KeyError, OSError)\ntry:\n    a.look_up({})\nexcept E:\n    pass\n", True),
        ("def test():\n    with pytest.raises(KeyError):\n        look_up({})\n", True),
        ("def test(self):\n    self.assertRaises(KeyError, look_up, {})\n", True),
        ("def g(x):\n    with suppress(KeyError):\n        look_up(x)\n", True),
        ("def g(x):\n    try:\n        return look_up(x)\n    except Exception:\n        return 0\n", False),
        ("def g(x):\n    try:\n        return look_up(x)\n    except ValueError:\n        return 0\n", False),
        ("def g(x):\n    try:\n        return other(x)\n    except KeyError:\n        return look_up(x)\n", False),
        ("def g(x):\n    return look_up(x)\n", False),
    ],
)  # fmt: skip
def test_other_places_that_call_the_function_may_count_on_the_exception(other: str, *, relied: bool) -> None:
    site = site_of(LOOKUP, "look_up({})", {"b.py": other})
    found = relied_on(site, site.conventions.tree)
    assert (found is not None) == relied
    assert found is None or "`b.py:" in found


@pytest.mark.parametrize(("handler", "relied"), [("KeyError", True), ("Exception", True), ("OSError", False)])
def test_a_handler_around_the_statement(handler: str, *, relied: bool) -> None:
    plain = site_of(LOOKUP, "look_up({})")
    around = (
        f"def look_up(x, y=0):\n    try:\n        return x[y] + 1\n    except {handler}:\n        raise\n"
    )
    assert relied_on(plain, plain.conventions.tree) is None
    site = site_of(around, "look_up({})")
    assert (relied_on(site, site.conventions.tree) is not None) == relied


def test_python_itself_asks_for_a_key_error() -> None:
    source = "class Registry:\n    def __getitem__(self, key):\n        return {}[key]\n"
    site = site_of(source, "Registry()['a']")
    assert "for an answer" in (relied_on(site, site.conventions.tree) or "")


def candidate_of(
    files: dict[str, str], path: str, line: int, function: str, message: str, **variables: JsonValue
) -> Candidate:
    """The best candidate for an AttributeError at the line."""
    failure = find_failure(files[path], line, function, "AttributeError", message, variables)
    assert isinstance(failure, Failure), failure
    frame = CodeFrame(path, function, line, "", variables)
    cause = RootCause(
        "AttributeError", message, path, function, line, SHA, SHA, "main", failure, (frame,), None
    )  # fmt: skip
    return candidates(cause, LoadedTree(frozenset(files), files))[0]


def test_a_claim_that_is_not_proven_is_only_proposed() -> None:
    source = "def f(x):\n    return x.strip().lower()\n"
    message = "'NoneType' object has no attribute 'strip'"
    best = candidate_of({PATH: source}, PATH, 2, "f", message, x="None")
    assert best.pattern == "none_empty_value"
    assert best.applicability is Applicability.UNSAFE
    assert best.why_safe.startswith("Not proven: ")


def test_the_fix_of_the_sample_service_is_proven() -> None:
    sample = Path(__file__).parents[2] / "app" / "demo" / "sample"
    files = {one.relative_to(sample).as_posix(): one.read_text() for one in sample.rglob("*.py")}
    path = "shop/checkout.py"
    line = next(
        at for at, one in enumerate(files[path].splitlines(), 1) if "customer.membership.level" in one
    )
    message = "'NoneType' object has no attribute 'level'"
    best = candidate_of(
        files, path, line, "loyalty_discount", message, customer="Customer(membership=None)", subtotal="2900"
    )
    assert best.applicability is Applicability.SAFE, best.why_safe
