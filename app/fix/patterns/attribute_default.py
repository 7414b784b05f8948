"""An attribute that an object need not have is read with a default of the kind that its reader expects.

What it fixes:
    `parser.Meta` of a parser that sets the attribute only for some inputs.

Why it fails:
    The attribute appears with an extension, a setting or a later call.

Fix safety:
    Safe: `getattr` with a default differs only where the attribute is missing. The default comes from what the function
    that the value is handed to does with it. An attribute that looks misspelt is left alone: a default would hide it.

References:
    Python Standard Library, `getattr`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import own_nodes
from app.fix.attributes import is_misspelt, is_receiver
from app.fix.edit import Replace
from app.fix.neutral import outside_quotes
from app.fix.pattern import Example, Fallback, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.scope import enclosing_class
from app.fix.site import Site

_MAPPING = frozenset({"items", "keys", "values", "get"})
_TEXT = frozenset({"strip", "lower", "upper", "split", "startswith", "endswith", "replace"})


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `getattr(object, "name", default)`."""
    if (
        not isinstance(site.node, ast.Attribute)
        or not isinstance(site.node.ctx, ast.Load)
        or is_receiver(site)
        or site.used_again
        or is_misspelt(site, site.node.attr)
    ):
        return
    for fallback in _defaults(site):
        read = f'getattr({site.line}, "{site.node.attr}", {fallback.code})'
        yield Proposal(
            (Replace(site.node, outside_quotes(site, site.node, read) or read),),
            f"Use `{fallback.code}` when `{site.line}` has no `{site.node.attr}`",
            (fallback.because,),
            "Objects with the attribute are treated as before.",
            fallback.strength,
        )


def _defaults(site: Site) -> Iterator[Fallback]:
    if not isinstance(site.node, ast.Attribute):
        return
    match site.parent(site.node):
        case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=method), args=[first, *_]) if (
            first is site.node
        ):
            yield from _by_reader(site, method, 1)
        case ast.Call(func=ast.Name(id=function), args=[first, *_]) if first is site.node:
            yield from _by_reader(site, function, 0)
        case _:
            pass


def _by_reader(site: Site, name: str, at: int) -> Iterator[Fallback]:
    """The empty value of the kind that the called function of the same class or file takes its argument for."""
    scope: ast.AST = (enclosing_class(site.code, site.statement) if at else None) or site.code.tree
    for node in ast.walk(scope):
        if isinstance(node, ast.FunctionDef) and node.name == name and len(node.args.args) > at:
            parameter = node.args.args[at].arg
            used = {
                one.attr
                for one in own_nodes(node)
                if isinstance(one, ast.Attribute)
                and isinstance(one.value, ast.Name)
                and one.value.id == parameter
            }
            if used and used <= _MAPPING:
                yield Fallback("{}", f"`{name}()` takes it for a mapping.", Strength.CONTEXT)
            elif used and used <= _TEXT:
                yield Fallback('""', f"`{name}()` takes it for a text.", Strength.CONTEXT)
            return


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.SAFE,
    answers=(Raises("AttributeError", r"has no attribute"),),
    kinds=frozenset({FailureKind.WRONG_TYPE}),
    codemod=codemod,
    examples=(
        Example(
            """\
class Page:
    def __init__(self, text):
        self.text = text

    def parse(self):
        if self.text.startswith("---"):
            self.meta = {"title": self.text.splitlines()[1]}


class Site:
    def show(self, page):
        page.parse()
        return self.header(page.meta) + page.text

    def header(self, meta):
        return "".join(f"[{key}: {value}] " for key, value in meta.items())


assert Site().show(Page("Hello")) == "Hello"
""",
            """\
class Page:
    def __init__(self, text):
        self.text = text

    def parse(self):
        if self.text.startswith("---"):
            self.meta = {"title": self.text.splitlines()[1]}


class Site:
    def show(self, page):
        page.parse()
        return self.header(getattr(page, "meta", {})) + page.text

    def header(self, meta):
        return "".join(f"[{key}: {value}] " for key, value in meta.items())


assert Site().show(Page("Hello")) == "Hello"
""",
        ),
        Example(
            """\
from types import SimpleNamespace


def slug(title):
    return title.strip().lower().replace(" ", "-")


def address(product):
    return f"/products/{product.id}/{slug(product.title)}"


assert address(SimpleNamespace(id=7)) == "/products/7/"
""",
            """\
from types import SimpleNamespace


def slug(title):
    return title.strip().lower().replace(" ", "-")


def address(product):
    return f"/products/{product.id}/{slug(getattr(product, 'title', ''))}"


assert address(SimpleNamespace(id=7)) == "/products/7/"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
from types import SimpleNamespace


def gross(price):
    return price * 1.19


def total(product):
    return gross(product.price)


total(SimpleNamespace(id=7))
""",
            "The function that the value is handed to does not say what it takes it for.",
        ),
        Unchanged(
            """\
class Product:
    def __init__(self, title):
        self.title = title


def slug(title):
    return title.strip().lower()


def address(product):
    return "/products/" + slug(product.titel)


address(Product("Lamp"))
""",
            "The attribute is misspelt: a default would hide it.",
        ),
        Unchanged(
            """\
from types import SimpleNamespace


def slug(title):
    return title.strip().lower()


def link(product):
    address = slug(product.title)
    return f"{address}: {product.title.upper()}"


link(SimpleNamespace(id=7))
""",
            "The attribute is needed again in the next line.",
        ),
    ),
)
