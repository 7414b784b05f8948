"""Code that decides who may do what. There a guard can open a door, so far less is explained."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from app.core.syntax import Function

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_WORDS = frozenset(
    {"access", "acl", "acls", "allow", "allowed", "allows", "auth", "authn", "authz", "hmac", "login", "logins", "mfa"}
    | {"adult", "consent", "consents", "embargo", "fingerprint", "kyc", "nonce", "quota", "quotas", "risk", "sandbox"}
    | {"sanction", "sanctions", "scope", "scopes", "tenant", "tenants", "underage"}
    | {"cvv", "iban", "ssn"}
    | {"otp", "owner", "owners", "rbac", "role", "roles", "signin", "ssl", "sso", "sudo", "tls", "totp", "whitelist"}
)  # fmt: skip
_DENYING = frozenset(
    {"ban", "banned", "bans", "blacklist", "blocked", "blocklist", "denied", "denies", "deny", "denylist", "locked"}
    | {"expired", "fraud", "infected", "invalid", "malicious", "refused", "refuses", "spam", "suspicious", "tampered"}
)  # fmt: skip
_BEGINNINGS = (
    "admin", "allowlist", "anonym", "approv", "authent", "authoris", "authoriz", "captcha", "credential", "csrf",
    "decrypt", "eligib", "encrypt", "entitl", "escape", "grant", "jwt", "licens", "oauth", "passwd", "password",
    "permission", "permit", "privileg", "pseudonym", "redact", "restrict", "sanitis", "sanitiz", "secret",
    "signature", "superuser", "throttl", "trust", "valid", "verif", "xsrf",
)  # fmt: skip
# What a function finds; where it finds none, all is well.
_FAULTS = frozenset(
    {"conflicts", "exceed", "exceeded", "exceeds", "faults", "over", "problem", "problems", "violates"}
    | {"violation", "violations"}
)
_DENYING_BEGINNINGS = (
    "deactivat", "disabl", "forbid", "prohibit", "quarantin", "reject", "revok", "suspend", "unauth", "untrust",
)  # fmt: skip
# A call whose name begins so is there to raise: `check_stock(order)`.
_CHECKING = frozenset({"assert", "check", "enforce", "ensure", "guard", "must", "require"})
# Only as a part of a function's or class's name: `token` is also what parsers read, and `can` is a verb.
_IN_DEFINITIONS = frozenset({"can", "ensure", "may", "must", "require", "requires", "required", "token"})
_LONGEST = 60


def decides(definitions: Iterable[ast.AST]) -> bool:
    """True if one of the functions and classes is named as what decides about permission or validity."""
    return any(
        _speaks(word) or word in _IN_DEFINITIONS for name in _defined(definitions) for word in words(name)
    )


def denies(definitions: Iterable[ast.AST]) -> bool:
    """True if a function is named after a refusal or a fault, so that what is false or empty there means "go on"."""
    return any(
        _denies(word) or word in _FAULTS for name in _defined(definitions) for word in words(name)
    )  # fmt: skip


def speaks_of_it(code: Iterable[ast.AST]) -> bool:
    """True if a name, a key or a short text in `code` speaks of permission, identity, secrets or validity."""
    return any(
        _speaks(word) for one in code for node in ast.walk(one) for name in _named(node) for word in words(name)
    )  # fmt: skip


def calls_a_check(code: Iterable[ast.AST]) -> bool:
    """True if `code` calls something for nothing but the error that it may raise."""
    for one in code:
        for node in ast.walk(one):
            match node:
                case ast.Expr(value=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))):
                    if (words(name) or [""])[0] in _CHECKING:
                        return True
                case _:
                    pass
    return False


def _defined(nodes: Iterable[ast.AST]) -> list[str]:
    return [node.name for node in nodes if isinstance(node, Function | ast.ClassDef)]


def words(name: str) -> list[str]:
    """The parts of a name, in small letters: `order`, `total` of `orderTotal` and of `ORDER_TOTAL`."""
    return [word.lower() for word in _WORD.findall(name)]


def _speaks(word: str) -> bool:
    return word in _WORDS or word.startswith(_BEGINNINGS) or _denies(word)


def _denies(word: str) -> bool:
    return word in _DENYING or word.startswith(_DENYING_BEGINNINGS)


def _named(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            return [name]
        case ast.keyword(arg=str(name)) | ast.ExceptHandler(name=str(name)):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.alias(name=name):
            return [name]
        case ast.Constant(value=str(text)) if len(text) <= _LONGEST:
            return [text]
        case _:
            return []
