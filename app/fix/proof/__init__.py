"""Proof that a patch is conservative: it changes only executions that would have raised in the failing statement.

`unproven` does not trust the pattern that made the patch. It parses both texts, narrows their difference, and accepts
it only if one of the forms in `statements`, `expressions` and `handling` explains all of it. A form proves that where
the new code takes another way, the old code would have raised at the failing expression:

- a new test holds only where that expression raises (`conditions`, `refusals`), so it may stand directly before the
  statement, the operand or the value that evaluates the expression first. Before it nothing may be evaluated that could
  change the answer or raise something else first: no call, except of built-in functions that only look (`order`);
- a lookup with a default differs from one without only where that raises, if the default is a plain value (`values`);
- a handler takes one more exception only if nothing else in its block can raise it;
- `x or V` changes other false values too, so what reads `x` must do the same with them (`emptiness`).

What is assumed, once for all forms, because no text of a program can show it:

1. To read a name, an attribute or an item twice gives the same and has no effect, properties included; operators,
   formats, `len()`, `str()` and the like only compute. Calls are not read twice, `.get()` of a recorded dict excepted.
2. Containers keep to their protocols: `k in m`, `m[k]`, `m.get(k)` and `m.pop(k)` agree; a container is false exactly
   when it is empty. Files that import libraries whose objects do not (`ARRAYS`, `FALSE`) get no proof by that.
3. In every execution the values at the failing place are of the kind that the message or the record shows, or None.
   A value of a third kind would have raised there as well, if not exactly this exception.
4. The exception of an attribute or an item is its own, wherever below it was raised.

Whether somebody relies on the exception is not asked here: see `app.fix.reliance`.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import replace

from app.core.syntax import Code, names_bound, names_in
from app.fix.proof.difference import Region, parts, regions, same
from app.fix.proof.expressions import EXPRESSION_FORMS, conversion
from app.fix.proof.handling import HANDLER_FORMS
from app.fix.proof.statements import PROVEN, STATEMENT_FORMS, bound_call
from app.fix.proof.values import is_compilable, unsuitable
from app.fix.site import Site

_FORMS = (*STATEMENT_FORMS, *EXPRESSION_FORMS, *HANDLER_FORMS)
_NO_FORM = "The change has none of the forms that are known to be conservative."


def unproven(site: Site, after: str) -> str | None:
    """None if the text `after` differs from the site's file only in executions that would have raised at the site.

    Otherwise one sentence that says what is not proven. Comments and layout do not count.
    """
    new = Code.parse(after)
    if new is None or not is_compilable(after):
        return "The changed file is no valid program."
    old = site.code.tree
    body, added = _without_import(old, new.tree)
    if same(old.body, body):
        return None if added is None else "An import is added, and nothing uses it."
    if added is not None and (fault := _import_fault(site, added)) is not None:
        return fault
    imported = next(iter(names_bound(added))) if added is not None else None
    places = [replace(one, imported=imported) for one in regions(old, ast.Module(body, []))]
    return _answer(site, places)


def _answer(site: Site, places: list[Region]) -> str | None:
    if not places:
        return "The file changes in several places."
    answers = [one for one in (_explained(site, place) for place in places) if one is not None]
    if PROVEN in answers:
        return None
    if all(conversion(site, part) == PROVEN for part in parts(places[-1])):
        return None
    if site.trace.depth and not answers:
        return f"The exception was raised inside of what `{site.failure.expression}` calls, not by it."
    return answers[-1] if answers else _NO_FORM


def _explained(site: Site, region: Region) -> str | None:
    """The first form's answer: empty if it proves the region, a sentence if it does not, None if no form applies."""
    complaint: str | None = None
    # In a caller's frame it was not this expression that raised, but something inside of what it calls.
    for form in HANDLER_FORMS if site.trace.depth else _FORMS:
        answer = form(site, region)
        if answer == PROVEN:
            return PROVEN if form is bound_call else unsuitable(site, region.old, region.new) or PROVEN
        complaint = complaint or answer
    return complaint


def _without_import(
    old: ast.Module, new: ast.Module
) -> tuple[list[ast.stmt], ast.Import | ast.ImportFrom | None]:
    """The statements of `new` without the one import at its top that `old` does not have, and that import."""
    for at, statement in enumerate(new.body):
        if at >= len(old.body) or not same(statement, old.body[at]):
            if isinstance(statement, ast.Import | ast.ImportFrom):
                return [*new.body[:at], *new.body[at + 1 :]], statement
            break
        if not isinstance(statement, ast.Import | ast.ImportFrom | ast.Expr):
            break
    return new.body, None


def _import_fault(site: Site, added: ast.Import | ast.ImportFrom) -> str | None:
    """What speaks against the import; None if it can neither fail nor hide a name."""
    taken = names_bound(site.code.tree) | names_in(site.code.tree)
    if names_bound(added) & taken or any(one.name == "*" for one in added.names):
        return "The new import binds a name that is in use."
    module = added.names[0].name if isinstance(added, ast.Import) else added.module
    if module is None or len(added.names) != 1 or (isinstance(added, ast.ImportFrom) and added.level):
        return "The new import is not one of one module."
    root = module.partition(".")[0]
    if root == "__future__":
        return "The new import changes how the whole file is read."
    if root in sys.stdlib_module_names or module in _imported(site.code, whole=True):
        return None
    paths = site.conventions.tree.paths
    own = any(
        f"{prefix}{root}{end}" in paths for prefix in ("", "src/", "lib/") for end in (".py", "/__init__.py")
    )
    known = any(root in _imported(file.code, whole=False) for file in site.conventions.files)
    if own or not known or module != site.trace.module:
        return f"It is not known that `{module}` can be imported here."
    return None


def _imported(code: Code, *, whole: bool) -> set[str]:
    """The modules that the file imports at its top level, or the packages that these belong to."""
    found: set[str] = set()
    for one in code.tree.body:
        match one:
            case ast.Import(names=aliases):
                found |= {alias.name for alias in aliases}
            case ast.ImportFrom(module=str(module), level=0):
                found.add(module)
            case _:
                pass
    return found if whole else {one.partition(".")[0] for one in found}
