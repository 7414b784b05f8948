"""What is known about exception classes without importing anything of the repository: ancestors and families."""

from __future__ import annotations

import builtins
import importlib
from functools import cache

# Modules of the standard library that define exceptions; nothing else is ever imported because an event names it.
_STANDARD = frozenset(
    {"asyncio.exceptions", "binascii", "concurrent.futures._base", "concurrent.futures", "configparser", "csv", "_csv",
     "decimal", "email.errors", "http.client", "http.cookies", "imaplib", "io", "ipaddress", "json.decoder", "json",
     "netrc", "pickle", "_pickle", "plistlib", "queue", "_queue", "re", "shutil", "smtplib", "socket", "sqlite3", "ssl",
     "statistics", "struct", "subprocess", "tarfile", "tokenize", "tomllib", "urllib.error", "xml.parsers.expat",
     "xml.etree.ElementTree", "xml.sax._exceptions", "zipfile", "zlib", "zoneinfo", "zoneinfo._common", "lzma", "_lzma"}
)  # fmt: skip

# Errors about the data at hand: what raises one of them for one input often raises another for the next.
DATA = frozenset(
    {"ValueError", "TypeError", "AttributeError", "LookupError", "ArithmeticError", "StopIteration"}
)
# Errors about what lies outside of the program.
OUTSIDE = frozenset({"OSError", "EOFError", "TimeoutError"})

# Raised in a function of our own that was called, these are its slips, not news about the input.
SLIPS = frozenset({"AttributeError", "TypeError", "LookupError", "UnboundLocalError", "ZeroDivisionError"})

# What a person must decide about: the database's rules, the peer's identity, permissions, the program's own checks.
_FOR_A_PERSON = frozenset(
    {"IntegrityError", "OperationalError", "ProgrammingError", "SSLError", "SSLCertVerificationError",
     "CertificateError", "PermissionError", "PermissionDenied", "Forbidden", "Unauthorized", "AuthenticationError",
     "AuthenticationFailed", "NotAuthenticated", "SuspiciousOperation", "SuspiciousFileOperation", "DisallowedHost",
     "InvalidSignature", "BadSignature", "InvalidToken", "AssertionError", "NotImplementedError", "MemoryError",
     "RecursionError", "KeyboardInterrupt", "SystemExit", "GeneratorExit", "CancelledError", "ImportError",
     "ModuleNotFoundError", "SyntaxError", "ImproperlyConfigured", "BrokenPipeError", "Warning"}
)  # fmt: skip


@cache
def ancestors(name: str, module: str | None = None) -> tuple[str, ...]:
    """The class names that a handler may catch it by, itself first: of built-in and standard exceptions only.

    An exception that is neither gives just its own name: what it inherits from is in its own source.
    """
    plain = name.rpartition(".")[2]
    found = getattr(builtins, plain, None) if module in {None, "builtins"} else _standard(plain, module)
    if not (isinstance(found, type) and issubclass(found, BaseException)):
        return (plain,)
    return tuple(one.__name__ for one in found.__mro__ if one is not object)


def _standard(name: str, module: str | None) -> object:
    return getattr(importlib.import_module(module), name, None) if module in _STANDARD else None


def is_builtin(name: str) -> bool:
    """True for the name of a built-in exception."""
    found = getattr(builtins, name, None)
    return isinstance(found, type) and issubclass(found, BaseException)


def is_for_a_person(names: tuple[str, ...]) -> bool:
    """True for an exception that reports a condition, not a slip: no fix of the code at hand is right for it."""
    return bool(_FOR_A_PERSON & set(names))


def are_related(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """True if the same input may well raise either: both are about the data, or both about the outside."""
    return any(set(one) & family and set(other) & family for family in (DATA, OUTSIDE))
