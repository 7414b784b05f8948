"""A text that is needed as bytes is encoded, as the repository encodes the same value elsewhere.

What it fixes:
    `zlib.crc32(key)` for a key that is a text, and `"Basic " + base64.b64encode(text)`.

Why it fails:
    Checksums, hashes and sockets take bytes only, and base64 gives them as well.

Fix safety:
    Unsafe: bytes stay as they are, but a text that the call took before would be encoded as well. The encoding is the
    one that the repository uses for the same name; without one there is no fix. What base64 makes is ASCII: where it is
    added to a text the code has never worked, so the text is encoded as UTF-8 and the result decoded.

References:
    Python Standard Library, `str.encode`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.recorded import type_name
from app.fix.edit import Replace
from app.fix.forms import form_type
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes the encoded text for the argument."""
    if not isinstance(site.node, ast.Call):
        return
    yield from _in_text(site, site.node)
    texts = [
        one
        for one in site.node.args
        if isinstance(one, ast.Name | ast.Attribute) and type_name(site.variables, one) == "str"
    ]
    if len(texts) != 1:
        return
    value = texts[0]
    found = _precedent(site, value.attr if isinstance(value, ast.Attribute) else value.id)
    if found is None:
        return
    call, place = found
    text = site.text(value)
    yield Proposal(
        (Replace(value, f"{text}.{call} if isinstance({text}, str) else {text}"),),
        f"Encode `{text}` where it is a text",
        (f"{place} encodes it with `.{call}`.",),
        "Bytes stay as they are; a text would have raised.",
        Strength.PRECEDENT,
    )


def _in_text(site: Site, call: ast.Call) -> Iterator[Proposal]:
    """The base64 of a text as a text, where it is added to one."""
    match call, site.parent(call):
        case (
            ast.Call(func=ast.Attribute(value=ast.Name(id="base64"), attr=method), args=[value], keywords=[]),
            ast.BinOp(left=left, op=ast.Add(), right=right),
        ) if method.endswith(("encode", "encodebytes")):
            pass
        case _:
            return
    if form_type(right if left is call else left) != "str" or type_name(site.variables, value) == "bytes":
        return
    yield Proposal(
        (Replace(call, f"{site.text(call.func)}({site.text(value)}.encode()).decode()"),),
        f"Encode `{site.text(value)}` for `{method}()`, and decode what it makes",
        (f"It is added to a text, and `{method}()` takes and gives bytes only.",),
        "Whatever came here raised: bytes can not be added to a text.",
        Strength.SYNTAX,
    )


def _precedent(site: Site, name: str) -> tuple[str, str] | None:
    """How a value of this name is encoded elsewhere, and where."""
    for file in site.conventions.files:
        for node in ast.walk(file.code.tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id=found) | ast.Attribute(attr=found), attr="encode")
                ) if found == name and all(isinstance(one, ast.Constant) for one in node.args):
                    inner = ", ".join(file.code.text(one) for one in node.args)
                    return f"encode({inner})", f"{file.path}:{node.lineno}"
                case _:
                    pass
    return None


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.UNSAFE,
    answers=(
        Raises("TypeError", r"bytes-like object is required, not '?str"),
        Raises("TypeError", r"^Strings must be encoded before hashing"),
        Raises("TypeError", r"^Unicode-objects must be encoded"),
    ),
    kinds=frozenset({FailureKind.RAISED, FailureKind.WRONG_TYPE}),
    codemod=codemod,
    examples=(
        Example(
            """\
import zlib


def stored(key):
    return {key.encode("utf-8"): 1}


def shard(key):
    return zlib.crc32(key) % 4


assert shard("a") == 3
""",
            """\
import zlib


def stored(key):
    return {key.encode("utf-8"): 1}


def shard(key):
    return zlib.crc32(key.encode("utf-8") if isinstance(key, str) else key) % 4


assert shard("a") == 3
""",
        ),
        Example(
            """\
import base64


def header(name, word):
    login = name + ":" + word
    return "Basic " + base64.b64encode(login)


assert header("ann", "x") == "Basic YW5uOng="
""",
            """\
import base64


def header(name, word):
    login = name + ":" + word
    return "Basic " + base64.b64encode(login.encode()).decode()


assert header("ann", "x") == "Basic YW5uOng="
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
import zlib


def shard(key):
    return zlib.crc32(key) % 4


shard("a")
""",
            "Nothing says which encoding the bytes are to have.",
        ),
    ),
)
