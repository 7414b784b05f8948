"""What a repaired call returns is held against the annotation."""

from __future__ import annotations

import pytest

from app.core.source import LoadedTree
from app.repair.attempt import Attempt
from app.repair.expected import broken_promise


def returned(kind: str | None, *forms: str) -> Attempt:
    return Attempt(None, kind, False, None, None, (), "", (), same=False, forms=forms)  # noqa: FBT003


def promise(annotation: str, kind: str | None, *forms: str) -> str | None:
    text = f"class A:\n    def f(self) -> {annotation}:\n        return self.g\n"
    return broken_promise(returned(kind, *forms), LoadedTree(frozenset({"a.py"}), {"a.py": text}), "a.py", 3)


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        ("int", "builtins.NoneType"),
        ("str", "builtins.bytes"),
        ("None", "builtins.int"),
        ("int | None", "builtins.str"),
        ("'int | None'", "builtins.str"),
        ("Optional[int]", "builtins.float"),
        ("typing.Union[int, str]", "builtins.NoneType"),
        ("list[int]", "builtins.tuple"),
        ("typing.Dict[str, int]", "builtins.list"),
        ("float", "builtins.str"),
    ],
)
def test_another_type_breaks_it(annotation: str, kind: str) -> None:
    assert promise(annotation, kind) == annotation
    assert promise(annotation, kind, "coroutine") == annotation


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        ("int", "builtins.bool"),
        ("float", "builtins.int"),
        ("None", "builtins.NoneType"),
        ("int | None", "builtins.NoneType"),
        ("Optional[int]", "builtins.NoneType"),
        ("List[int]", "builtins.list"),
        ("Iterable[int]", "builtins.tuple"),
        ("str", "shop.Name"),
        ("Price", "builtins.int"),
        ("int | Price", "builtins.str"),
        ("'int |'", "builtins.str"),
        ("int", None),
    ],
)
def test_what_fits_or_cannot_be_told_does_not(annotation: str, kind: str | None) -> None:
    assert promise(annotation, kind) is None


def test_a_promise_that_the_function_breaks_itself_is_none() -> None:
    text = "def f(x) -> int:\n    if x:\n        return\n    return x.y\n"
    tree = LoadedTree(frozenset({"a.py"}), {"a.py": text})
    assert broken_promise(returned("builtins.NoneType"), tree, "a.py", 4) is None
    assert broken_promise(returned("builtins.str"), tree, "a.py", 4) == "int"


def test_what_a_generator_yields_is_not_what_it_returns() -> None:
    assert promise("list[int]", "builtins.tuple", "generator") is None
    assert broken_promise(returned("builtins.str"), LoadedTree(frozenset(), {}), "a.py", 3) is None
    text = "def f():\n    return 1\n"
    assert (
        broken_promise(returned("builtins.str"), LoadedTree(frozenset({"a.py"}), {"a.py": text}), "a.py", 2)
        is None
    )
