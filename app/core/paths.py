"""Which files a fix may touch. What always is protected decides how fixes are judged, built or released."""

from __future__ import annotations

import fnmatch
import re

# No fix may touch these, whatever a policy says: they decide how fixes are judged.
ALWAYS_PROTECTED = (
    # who reviews, what CI runs, what we may do
    ".github/**",
    "**/CODEOWNERS",
    "**/action.yml",
    "**/action.yaml",
    ".circleci/**",
    "**/.gitlab-ci.yml",
    "**/azure-pipelines.yml",
    "**/Jenkinsfile",
    "**/.pre-commit-config.yaml",
    ".husky/**",
    ".githooks/**",
    # what git and the file system make of the other files
    "**/.git*",
    ".git*/**",
    "**/.env*",
    # how tests are collected, run and counted
    "**/conftest.py",
    "**/pytest.ini",
    "**/.pytest.ini",
    "**/tox.ini",
    "**/noxfile.py",
    "**/.coveragerc",
    "**/codecov.yml",
    # what Python runs by itself
    "**/sitecustomize.py",
    "**/usercustomize.py",
    "**/*.pth",
    # how the software is built and shipped
    "**/pyproject.toml",
    "**/setup.py",
    "**/setup.cfg",
    "**/MANIFEST.in",
    "**/Makefile",
    "**/Dockerfile*",
    "**/docker-compose*",
    "**/Procfile",
    "**/requirements*.txt",
    "**/constraints*.txt",
    "**/Pipfile",
    "**/package.json",
    "**/package-lock.json",
    "**/pnpm-lock.yaml",
    "**/*.lock",
)


def protecting_pattern(path: str, patterns: tuple[str, ...]) -> str | None:
    """The first pattern that covers `path`, whatever its letter case.

    `**/` also matches no folder at all, a leading `/` is the repository's root, and a folder covers what is in it.
    """
    for pattern in patterns:
        plain = pattern.lower().lstrip("/").rstrip("/")
        for name in (plain, plain.removeprefix("**/")):
            if any(fnmatch.fnmatchcase(path.lower(), each) for each in (name, f"{name}/*")):
                return pattern
    return None


# Words that speak of security or of money: there a wrong answer costs more than an error.
SENSITIVE_WORDS = frozenset(
    """
    acl auth authn authz authenticate authentication authenticator authorization authorize credential credentials
    crypto cryptography csrf decrypt encrypt encryption jwt ldap login logout oauth passwd password passwords payment
    payments payout payouts permission permissions privilege privileges rbac saml sanitize secret secrets security
    signature signatures sso
    """.split()  # noqa: SIM905 - a table of words reads better than a list of strings
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def sensitive_word(*names: str) -> str | None:
    """The first word of `names` (paths, functions, classes) that speaks of security or money; None if none does."""
    for name in names:
        for word in _WORD.findall(name):
            if word.lower() in SENSITIVE_WORDS:
                return str(word.lower())
    return None
