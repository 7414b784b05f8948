"""What is known about a missing attribute: whether the object, or the code that reads it, is at fault."""

from __future__ import annotations

import ast

from app.core.syntax import names_bound
from app.fix.keys import resembles
from app.fix.site import Site


def is_receiver(site: Site) -> bool:
    """True for an object that lacks one of its own attributes: its class is at fault, not the value."""
    return isinstance(site.subject, ast.Name) and site.subject.id in {"self", "cls"}


def is_misspelt(site: Site, attribute: str) -> bool:
    """True if the object's class has one with nearly the same name, and no class of the repository has this one."""
    found = site.conventions.for_class((site.failure.key or "").rpartition(".")[2])
    if found is None or not any(resembles(attribute, one) for one in _attributes(found)):
        return False
    classes = (
        node
        for file in site.conventions.files
        for node in ast.walk(file.code.tree)
        if isinstance(node, ast.ClassDef)
    )
    return not any(attribute in _attributes(one) for one in classes)


def _attributes(owner: ast.ClassDef) -> set[str]:
    """What the class binds in its body, and what its methods set."""
    stored = (one for one in ast.walk(owner) if isinstance(one, ast.Attribute))
    return names_bound(owner) | {one.attr for one in stored if isinstance(one.ctx, ast.Store)}
