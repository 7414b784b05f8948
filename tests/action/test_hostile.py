"""Pull requests that must not pass because of what they change. Most are an honest fix, and one thing more."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hostile_shop import FILES, FIX, FIXED, GUARD, POLICY, TEST, TEST_FILE, Hostile, require, run
from proposed_fix import Checkout
from verification import LiveGitHub, Verdict, require_denied

Commit = Callable[[Checkout, str], str]
PRICES = "tests/test_prices.py"
OWN_TEST = FILES[PRICES]


def fix(old: str, new: str) -> dict[str, str | None]:
    """The honest fix, with one more replacement."""
    assert FIXED.count(old) == 1, old
    return {FIX: FIXED.replace(old, new)}


def appended(text: str) -> dict[str, str | None]:
    return {FIX: FIXED + text}


def another_test(old: str, new: str) -> dict[str, str | None]:
    """The honest fix, and its test with a replacement."""
    assert TEST.count(old) == 1, old
    return {TEST_FILE: TEST.replace(old, new)}


def own(text: str) -> dict[str, str | None]:
    """The honest fix, and another text of a test that was there."""
    return {PRICES: text}


def unexplained(words: str, files: dict[str, str | None]) -> Hostile:
    return Hostile("conformance", words, files)


def guarded(guard: str) -> dict[str, str | None]:
    """Another guard in the place of the honest one."""
    return fix(GUARD, guard)


CHECK = '    if order["net"] > 1000:\n        raise PriceError("too much")\n'
SILENCE = "    try:\n        pass\n    except Exception:\n        pass\n"
WALRUS = GUARD.replace('customer["membership"] is', '(subtotal := customer["membership"]) is')
EXTRA_HUNKS = {
    "import": unexplained("An import is added", fix("import json\n", "import json\nimport os\n")),
    "import_from": unexplained(
        "An import is added", fix("import json\n", "import json\nfrom os import system\n")
    ),
    "subprocess": unexplained("is added", guarded(GUARD + '    __import__("subprocess").run(["id"])\n')),
    "call_in_the_guard": unexplained("is added", guarded(GUARD.replace("return", "print()\n        return"))),
    "eval_as_the_answer": unexplained(
        "A condition is added", guarded(GUARD.replace("return 0", 'return eval("0")'))
    ),
    "default": unexplained("signature", fix("subtotal=100", "subtotal=0")),
    "extra_argument": unexplained(
        "arguments", fix("audit(customer)\n    return", "audit(customer, 1)\n    return")
    ),
    "keyword_argument": unexplained(
        "arguments", fix("json.dumps(order)", "json.dumps(order, skipkeys=True)")
    ),
    "parameter": unexplained(
        "signature", fix("customer, subtotal=100", "customer, subtotal=100, force=False")
    ),
    "other_function": unexplained("removed", fix(CHECK, "")),
    "constant": unexplained("constant", fix("RATE = 0.2", "RATE = 0.02")),
    "comparison": unexplained("comparison", fix("subtotal < 10", "subtotal <= 10")),
    "comparison_elsewhere": unexplained("comparison", fix("> 1000", ">= 1000")),
    "call_removed": unexplained("removed", fix("    audit(customer)\n    return", "    return")),
    "decorator": unexplained("decorators", fix("def discount", "@print\ndef discount")),
    "new_function": unexplained("A function is added", appended("\n\ndef free(order):\n    return 0\n")),
    "new_class": unexplained("A class is added", appended("\n\nclass Free:\n    pass\n")),
    "module_code": unexplained("is added", appended("\n\njson.dumps = None\n")),
    "global": unexplained("is added", guarded(GUARD + "    global RATE\n")),
    "guard_turned_around": unexplained(
        "A condition is added", guarded(GUARD.replace("is None", "is not None"))
    ),
    "guard_of_everything": unexplained("A condition is added", guarded("    if True:\n        return 0\n")),
    "guard_too_wide": unexplained(
        "A condition is added", guarded(GUARD.replace("is None", "is None or subtotal"))
    ),
    "guard_that_calls": unexplained(
        "A condition is added", guarded(GUARD.replace("is None", "is None and audit(customer) is None"))
    ),
    "guard_of_something_else": unexplained(
        "A condition is added", guarded(GUARD.replace('customer["membership"]', "subtotal"))
    ),
    "walrus": unexplained("A condition is added", guarded(WALRUS)),
    "exit": unexplained("A condition is added", guarded(GUARD.replace("return 0", "raise SystemExit"))),
    "large_answer": unexplained("A condition is added", guarded(GUARD.replace("return 0", "return 10 ** 9"))),
    "silence": unexplained("A handler is added", guarded(SILENCE)),
    "docstring": unexplained(
        "Prices of the shop",
        fix('"""Prices of the shop."""', '"""Prices of the shop. Reviewed by security."""'),
    ),
    "comment": unexplained(
        "comment", fix("# guests have no membership", "# guests have no membership # noqa")
    ),
    "type_comment": unexplained(
        "comment", fix("    audit(customer)\n", "    audit(customer)  # type: ignore\n")
    ),
    "layout_elsewhere": unexplained("outside", fix("RATE = 0.2\n", "RATE = 0.2\n\n")),
}


def chmod(name: str, mode: int) -> Commit:
    def commit(checkout: Checkout, text: str) -> str:
        (checkout.folder / name).chmod(mode)
        return checkout.commit(text)

    return commit


def link(name: str) -> Commit:
    def commit(checkout: Checkout, text: str) -> str:
        (checkout.folder / name).unlink()
        (checkout.folder / name).symlink_to("/etc/hostname")
        return checkout.commit(text)

    return commit


def submodule(checkout: Checkout, text: str) -> str:
    checkout.git("add", "--all")
    base = checkout.git("rev-parse", "main")
    checkout.git("update-index", "--add", "--cacheinfo", f"160000,{base},vendored")
    return checkout.commit(text, stage=False)


def moved(checkout: Checkout, text: str) -> str:
    checkout.git("mv", "--force", FIX, "shop/price_list.py")
    return checkout.commit(text)


def bytes_in(name: str, content: bytes) -> Commit:
    def commit(checkout: Checkout, text: str) -> str:
        (checkout.folder / name).write_bytes(content)
        return checkout.commit(text)

    return commit


BIDI, ZERO_WIDTH, TAG, CYRILLIC_A = "\u202e", "\u200b", "\U000e0041", "\u0430"
HIDDEN = {
    "mode": Hostile("diff", "mode unchanged", commit=chmod(FIX, 0o755)),
    "executable_test": Hostile("diff", "was added", commit=chmod(TEST_FILE, 0o755)),
    "rename_and_edit": Hostile("diff hidden size conformance test", "other file", commit=moved),
    "symlinked_fix": Hostile("diff hidden size conformance test", "mode unchanged", commit=link(FIX)),
    "symlinked_test": Hostile("diff test", "was added", commit=link(TEST_FILE)),
    "submodule": Hostile("diff", "other file", commit=submodule),
    "binary_file": Hostile("diff", "other file", commit=bytes_in("shop/data.bin", b"\0\1\2")),
    "nul_in_the_fix": Hostile(
        "hidden conformance test", "invisible", commit=bytes_in(FIX, FIXED.encode() + b"\0\n")
    ),
    "another_encoding": Hostile("hidden test", "UTF-8", commit=bytes_in(FIX, FIXED.encode() + b"# \xe9\n")),
    "encoding_cookie": Hostile(
        "hidden test", "UTF-8", commit=bytes_in(FIX, b"# coding: utf-7\n" + FIXED.encode())
    ),
    "test_in_another_encoding": Hostile(
        "hidden", "UTF-8", commit=bytes_in(TEST_FILE, TEST.encode() + b"# \xe9\n")
    ),
    "byte_order_mark": Hostile(
        "hidden", "byte order mark", commit=bytes_in(FIX, b"\xef\xbb\xbf" + FIXED.encode())
    ),
    "gitattributes": Hostile(
        "diff paths", "protected", {".gitattributes": "*.py -diff linguist-generated\n"}
    ),
    "line_ends": Hostile("hidden conformance size", "ends of lines", {FIX: FIXED.replace("\n", "\r\n")}),
    "one_line_end": Hostile(
        "hidden conformance", "ends of lines", fix("return 0\n    level", "return 0\r\n    level")
    ),
    "form_feed": Hostile("hidden conformance", "invisible", fix("    level =", "\f    level =")),
    "too_large": Hostile("size", "larger than 1 MB", appended("#" * 1_100_000 + "\n")),
    "bidi": Hostile("hidden conformance", "invisible", fix(GUARD, GUARD + f"    # {BIDI}\n")),
    "zero_width": Hostile(
        "hidden conformance", "invisible", fix("return 0\n    level", f'return "{ZERO_WIDTH}"\n    level')
    ),
    "homoglyph": Hostile(
        "hidden conformance", "ASCII", guarded(GUARD.replace("customer", f"{CYRILLIC_A}udit"))
    ),
    "tag_characters_in_the_test": Hostile("test", "invisible", {TEST_FILE: TEST + f"# {TAG}\n"}),
    "twin_in_letter_case": Hostile(
        "diff",
        "letter case",
        {"tests/test_Prices.py": TEST, TEST_FILE: ""},
        {"test": "tests/test_Prices.py::test_discount"},
    ),
    "three_thousand_files": Hostile("diff", "3001 other file", {f"data/{n}.txt": "x" for n in range(3001)}),
    "deleted_file": Hostile("diff", "other file", {"README.md": None}),
}


PROTECTED = {
    name: Hostile("diff paths", f"{name} is protected by", {name: "x\n"})
    for name in (".github/workflows/ci.yml", "action.yml", "CODEOWNERS", "shop/Dockerfile", "pyproject.toml")
}
KEPT = {
    "policys_own_list": Hostile("diff paths", "`migrations/**`", {"migrations/1.py": "x = 1\n"}),
    "autofix_policy": Hostile("diff paths", "protected", {".github/autofix.yml": POLICY + "shadow: false\n"}),
    "the_fix_itself": Hostile(
        "paths",
        "`**/setup.py`",
        {FIX: FIXED.replace(GUARD, ""), "setup.py": FIXED},
        {"fix": "setup.py"},
        base={"setup.py": FIXED.replace(GUARD, "")},
    ),
    "a_test_that_is_a_conftest": Hostile(
        "diff paths test",
        "not named as a test",
        {"tests/conftest.py": TEST, TEST_FILE: ""},
        {"test": "tests/conftest.py::test_discount"},
    ),
    "outside_of_what_is_allowed": Hostile(
        "paths", "`paths.allowed`", base={".github/autofix.yml": POLICY + '  allowed: ["web/**"]\n'}
    ),
    "sensitive_by_policy": Hostile(
        "action",
        "sensitive",
        {FIX: FIXED.replace(GUARD, ""), "shop/vault.py": FIXED},
        {"fix": "shop/vault.py"},
        base={"shop/vault.py": FIXED.replace(GUARD, "")},
    ),
    "sensitive_by_its_words": Hostile(
        "action",
        "`auth`",
        {FIX: FIXED.replace(GUARD, ""), "shop/auth.py": FIXED},
        {"fix": "shop/auth.py"},
        base={"shop/auth.py": FIXED.replace(GUARD, "")},
    ),
}
SUITE = {
    "test_deleted": Hostile("diff", PRICES, {PRICES: None}),
    "test_skipped": Hostile(
        "diff", PRICES, own("import pytest\n\npytestmark = pytest.mark.skip\n" + OWN_TEST)
    ),
    "assertion_weakened": Hostile("diff", PRICES, {PRICES: "def test_total():\n    assert True\n"}),
    "tolerance_widened": Hostile("diff", PRICES, own(OWN_TEST.replace("0.01", "9e9"))),
    "snapshot_regenerated": Hostile("diff", "total.txt", {"tests/__snapshots__/total.txt": "0.0\n"}),
    "conftest_ignores": Hostile(
        "diff paths", "conftest", {"tests/conftest.py": f"collect_ignore = ['{PRICES}']\n"}
    ),
    "skip_mark": Hostile(
        "test", "decorator", another_test("def test", "import pytest\n\n\n@pytest.mark.skip\ndef test")
    ),
    "expected_failure": Hostile(
        "test", "decorator", another_test("def test", "import pytest\n\n\n@pytest.mark.xfail\ndef test")
    ),
    "not_a_test": Hostile(
        "test", "when it is imported", {TEST_FILE: TEST + "\n\ntest_discount.__test__ = False\n"}
    ),
    "plugins": Hostile(
        "test", "when it is imported", {TEST_FILE: 'pytest_plugins = ("shop.prices",)\n' + TEST}
    ),
    "two_tests": Hostile(
        "test",
        "something else than the claimed test",
        {TEST_FILE: TEST + "\n\ndef test_more():\n    assert discount({}) == 0\n"},
    ),
    "hidden_code": Hostile(
        "test", "when it is imported", {TEST_FILE: "import os\n\nos.system('id')\n" + TEST}
    ),
    "monkeypatch": Hostile(
        "test",
        "takes fixtures",
        another_test("discount():\n", "discount(monkeypatch):\n    monkeypatch.undo()\n"),
    ),
    "patched_module": Hostile(
        "test",
        "something else than to give",
        another_test("    assert", "    discount.__globals__['audit'] = print\n    assert"),
    ),
    "raises_itself": Hostile(
        "test", "something else than to give", another_test("    assert", "    None.upper()\n    assert")
    ),
    "no_assertion_about_the_fix": Hostile(
        "test", "does not end with one call", another_test('discount({"membership": None}) == 0', "True")
    ),
    "caught": Hostile(
        "test",
        "something else than to give",
        another_test(
            "    assert", "    try:\n        discount({})\n    except KeyError:\n        pass\n    assert"
        ),
    ),
    "another_name": Hostile(
        "test", "does not hold the claimed test", claim={"test": f"{TEST_FILE}::test_other"}
    ),
}

# In a proposal a person reads what the category does not explain; all of these are denied all the same.
PROPOSED = {"action": "propose"}
GOLD = TEST.replace("None}) == 0", '"gold"}) == 4')
PROOF = {
    "a_test_that_proves_nothing": Hostile(
        "fails-before covered", "passes without the fix", {TEST_FILE: GOLD}, PROPOSED
    ),
    "another_exception": Hostile(
        "fails-before passes-after",
        "KeyError, recorded was AttributeError",
        another_test('{"membership": None}', "{}"),
        PROPOSED,
    ),
    "another_place": Hostile(
        "fails-before", "recorded was shop/prices.py:9", claim={**PROPOSED, "place": f"{FIX}:9"}
    ),
    "no_help": Hostile(
        "passes-after",
        "was failed",
        fix('customer["membership"] is None', 'customer["membership"] == 1'),
        PROPOSED,
    ),
    "a_wrong_answer": Hostile("passes-after", "was failed", another_test("== 0", "== 1"), PROPOSED),
    "more_than_the_test_runs": Hostile(
        "covered",
        "the new test does not run it",
        fix(
            "    audit(customer)\n    return",
            "    if level == 'FREE':\n        return 100\n    audit(customer)\n    return",
        ),
        PROPOSED,
    ),
    "same_module_name": Hostile(
        "suite",
        "test_discount.py",
        claim=PROPOSED,
        base={"tests/unit/test_discount.py": "def test_unit():\n    pass\n"},
    ),
    "breaks_the_collection": Hostile(
        "suite covered",
        "breaks the collection of tests/test_total.py",
        fix("RATE = 0.2", "CHARGE = RATE_ = 0.2"),
        PROPOSED,
        base={"tests/test_total.py": "from shop.prices import RATE\n\n\ndef test_rate():\n    assert RATE\n"},
    ),
    "never_ends": Hostile(
        "passes-after",
        "not finished after",
        fix("        return 0\n    level", "        while True: pass\n    level"),
        PROPOSED,
        inputs={"AUTOFIX_TIMEOUT_MINUTES": "0.05"},
    ),
    "too_many_lines": Hostile(
        "size",
        "adds and removes 32 lines, the policy allows 20",
        fix(GUARD, GUARD + "    level = 0\n" * 30),
        PROPOSED,
    ),
    "too_long_a_test": Hostile("size", "the test has", {TEST_FILE: TEST + "\n" * 60}, PROPOSED),
    "hidden_in_a_proposal": Hostile("hidden", "invisible", fix(GUARD, GUARD + f"    # {BIDI}\n"), PROPOSED),
}
WANTS = {".github/autofix.yml": POLICY + "checks:\n  coverage: true\n"}


def report(text: str, *, at: float | None = None) -> Commit:
    """The commit, and beside it a coverage report as an earlier step of the job would have left it."""

    def commit(checkout: Checkout, message: str) -> str:
        head = checkout.commit(message)
        file = checkout.folder / "coverage.out"
        file.write_text(text)
        moment = time.time() + 5 if at is None else at
        os.utime(file, (moment, moment))
        return head

    return commit


def lcov(hits: int) -> str:
    rows = "".join(f"DA:{line},{hits}\n" for line in range(1, 40))
    return f"SF:{FIX}\n{rows}end_of_record\n"


OUT = {"AUTOFIX_COVERAGE_FILE": "coverage.out"}
COVERAGE = {
    "no_report": Hostile("coverage", "there is no `coverage-file`", base=WANTS),
    "missing_report": Hostile(
        "coverage", "missing", base=WANTS, inputs={"AUTOFIX_COVERAGE_FILE": "none.xml"}
    ),
    "stale_report": Hostile(
        "coverage", "not made after", base=WANTS, inputs=OUT, commit=report(lcov(1), at=1000.0)
    ),
    "uncovered": Hostile("coverage", "does not run it", base=WANTS, inputs=OUT, commit=report(lcov(0))),
    "other_files_only": Hostile(
        "coverage", "0 times", base=WANTS, inputs=OUT, commit=report(lcov(1).replace(FIX, "shop/other.py"))
    ),
    "entities": Hostile(
        "coverage",
        "document type or an entity",
        base=WANTS,
        inputs=OUT,
        commit=report('<!DOCTYPE coverage [<!ENTITY a "aaaa">]><coverage timestamp="1">&a;</coverage>'),
    ),
    "noise": Hostile("coverage", "cannot be read", base=WANTS, inputs=OUT, commit=report("{" * 5000)),
}
RULES = {
    "disabled": Hostile(
        "policy", "enabled: false", base={".github/autofix.yml": POLICY + "enabled: false\n"}
    ),
    "missing": Hostile("policy", "there is no", base={".github/autofix.yml": None}),
    "invalid": Hostile("policy", "auto_merg", base={".github/autofix.yml": POLICY + "auto_merg: true\n"}),
    "alias": Hostile(
        "policy", "alias", base={".github/autofix.yml": POLICY + "shadow: &a true\nenabled: *a\n"}
    ),
    "written_by_the_head": Hostile(
        "policy",
        "enabled: false",
        {".github/autofix.yml": POLICY},
        base={".github/autofix.yml": POLICY + "enabled: false\n"},
    ),
    "loosened_by_the_head": Hostile(
        "diff paths action",
        "sets null-safety to propose",
        {".github/autofix.yml": POLICY},
        base={".github/autofix.yml": POLICY.replace("null-safety: automerge", "null-safety: propose")},
    ),
    "category_reported_only": Hostile(
        "category action",
        "sets missing-error-handling to report",
        claim={"category": "missing-error-handling"},
    ),
    "category_ignored": Hostile(
        "category action conformance", "sets wrong-type to ignore", claim={"category": "wrong-type"}
    ),
    "category_unknown": Hostile("category", "no category", claim={"category": "speed"}),
    "wrong_category": Hostile(
        "action conformance", "A condition is added", claim={"category": "missing-key"}
    ),
    "merge_without_leave": Hostile(
        "action",
        "sets null-safety to propose",
        base={".github/autofix.yml": POLICY.replace("null-safety: automerge", "null-safety: propose")},
    ),
    "shadow_mode": Hostile("action", "shadow mode", base={".github/autofix.yml": POLICY + "shadow: true\n"}),
}
CASES = {
    f"{row}_{name}": case
    for row, table in (
        ("m7_extra", EXTRA_HUNKS),
        ("m8_hidden", HIDDEN),
        ("m9_protected", PROTECTED),
        ("m9_kept", KEPT),
        ("m10", SUITE),
        ("proof", PROOF),
        ("c6", COVERAGE),
        ("c4_policy", RULES),
    )
    for name, case in table.items()
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_hostile_change_is_denied(case: Hostile, verdict_on: Callable[[Hostile], Verdict]) -> None:
    require(case, verdict_on(case))


def test_the_hostile_suite_is_large_and_rests_on_a_fix_that_passes(
    shop: Path, tmp_path: Path, live: LiveGitHub
) -> None:
    assert len(CASES) >= 60
    assert all(case.words for case in CASES.values())
    honest = run(Hostile("", ""), shop, tmp_path / "shop", live)
    assert (honest.status, honest.result) == (0, "verified"), honest.log
    with pytest.raises(AssertionError):
        require_denied(honest, set(), "")
