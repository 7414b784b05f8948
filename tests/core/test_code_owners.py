"""CODEOWNERS as GitHub documents it, its own example included."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.code_owners import MAX_BYTES, Kind, Owner, owners_of, parse, parse_owner

# The example of GitHub's documentation, comments shortened.
EXAMPLE = b"""# This is a comment.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
"""


def _names(text: bytes, path: str) -> list[str]:
    return [owner.name for owner in owners_of(text, path)]


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README.md", ["global-owner1", "global-owner2"]),
        ("src/deep/a.py", ["global-owner1", "global-owner2"]),
        ("src/a.js", ["js-owner"]),
        ("main.go", ["docs@example.com"]),
        ("src/a.txt", ["octo-org/octocats"]),
        ("build/logs/x.bin", ["octocat"]),
        ("src/build/logs/today.bin", ["octocat"]),
        ("build/out/a.bin", ["global-owner1", "global-owner2"]),
        ("lib/docs/a.py", ["global-owner1", "global-owner2"]),
        ("docs/a.md", ["doctocat"]),
        ("docs/deep/a.md", ["doctocat"]),
        ("lib/apps/a.py", ["octocat"]),
        ("scripts/run.sh", ["doctocat", "octocat"]),
        ("deeply/nested/logs", ["octocat"]),
        ("apps/a.py", ["octocat"]),
        ("apps/github/a.py", []),
        ("apps/githubber/a.py", ["octocat"]),
    ],
)
def test_githubs_own_example(path: str, owners: list[str]) -> None:
    assert _names(EXAMPLE, path) == owners


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*", ["a", "a/b/c"], []),
        ("/*", ["a"], ["a/b"]),
        ("docs/*", ["docs/a"], ["docs/a/b", "x/docs/a", "docs"]),
        ("docs/**", ["docs/a", "docs/a/b"], ["docs", "x/docs/a"]),
        ("docs", ["docs", "docs/a/b", "x/docs/a"], ["docs2", "adocs/a"]),
        ("/docs", ["docs", "docs/a"], ["x/docs"]),
        ("docs/", ["docs/a", "x/docs/a/b"], ["docs", "x/docs"]),
        ("/docs/api", ["docs/api/a", "docs/api"], ["x/docs/api", "docs/apis"]),
        ("docs/api", ["docs/api/a"], ["x/docs/api/a"]),
        ("**/api", ["api", "x/api", "x/y/api/a"], ["apis"]),
        ("a/**/z", ["a/z", "a/b/z", "a/b/c/z/d"], ["z", "b/a/z"]),
        ("**", ["a", "a/b"], []),
        ("*.py", ["a.py", "x/a.py", "x.py/data"], ["a.pyc", "py"]),
        ("a*c?e.py", ["abbcde.py", "acde.py"], ["ace.py", "abcde.pyx"]),
        ("*a*b*", ["xaxbx", "ab"], ["ba"]),
        ("x/*.py", ["x/a.py"], ["x/y/a.py"]),
        ("with\\ space.py", ["with space.py", "x/with space.py"], ["with"]),
        ("a\\*.py", ["a*.py"], ["ab.py"]),
        ("app/[slug]/x.py", ["app/[slug]/x.py"], ["app/s/x.py"]),
        ("README.md", ["README.md", "x/README.md"], ["readme.md"]),
        ("/", [], ["a"]),
    ],
)
def test_a_pattern_matches_what_githubs_does(pattern: str, yes: list[str], no: list[str]) -> None:
    text = f"{pattern} @ada\n".encode()
    assert [path for path in yes if _names(text, path) != ["ada"]] == []
    assert [path for path in no if _names(text, path)] == []


@pytest.mark.parametrize(
    ("text", "owners"),
    [
        (b"* @ada\n*.py @bob\n", ["bob"]),
        (b"*.py @bob\n* @ada\n", ["ada"]),
        (b"* @ada\n*.py\n", []),
        (b"* @ada\n*.py # nobody\n", []),
        (b"* @ada @ada @bob # @eve\n", ["ada", "bob"]),
        (b"* @ada\n*.py bob\n", ["ada"]),
        (b"* @ada\n*.py @bob, @eve\n", ["ada"]),
        (b"* @ada\n!*.py @bob\n", ["ada"]),
        (b"* @ada\n\\#a.py @bob\n", ["ada"]),
        (b"\xef\xbb\xbf* @ada\r\n   \r\n", ["ada"]),
        (b"* @ada\n*.py \xff\xfe\n", ["ada"]),
        (b"* @ada\x00\n", []),
        (b"", []),
        (b"\\", []),
    ],
)
def test_the_last_line_that_is_right_counts(text: bytes, owners: list[str]) -> None:
    assert _names(text, "x/a.py") == owners


@pytest.mark.parametrize(
    ("word", "owner"),
    [
        ("@ada", Owner(Kind.USER, "ada")),
        ("@ada_acme", Owner(Kind.USER, "ada_acme")),
        ("@acme/on-call", Owner(Kind.TEAM, "acme/on-call")),
        ("ada@example.com", Owner(Kind.EMAIL, "ada@example.com")),
        ("@", None),
        ("@-ada", None),
        ("@acme/", None),
        ("@acme/a/b", None),
        ("@ada[bot]", None),
        ("@ada\u200b", None),
        ("ada", None),
        ("@" + "a" * 200, None),
    ],
)
def test_an_owner_is_a_user_a_team_or_an_address(word: str, owner: Owner | None) -> None:
    assert parse_owner(word) == owner


def test_a_file_above_githubs_limit_counts_for_nothing() -> None:
    line = b"* @ada\n"
    full = line + b"#" * (MAX_BYTES - len(line))
    assert _names(full, "a.py") == ["ada"]
    assert _names(full + b"#", "a.py") == []


def test_no_pattern_takes_long() -> None:
    stars = "*a" * 400 + " @ada\n"
    folders = "**/" * 300 + "x @bob\n"
    assert _names((stars * 20 + folders * 20).encode(), "a" * 200 + "b/" + "c/" * 200 + "d") == []


@given(st.binary(max_size=200), st.text(min_size=1, max_size=40))
def test_any_bytes_are_read(text: bytes, path: str) -> None:
    assert all(owner.name for owner in owners_of(text, path))
    assert [rule.line for rule in parse(text)] == sorted(rule.line for rule in parse(text))
