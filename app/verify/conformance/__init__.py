"""Conformance: is the whole change of a fix explained by the category that it claims?

The gate runs in the user's own CI and believes nothing that the pull request says of itself. It reads the old and the
new text side by side. Every old node must survive, as it was or in a form of the category's vocabulary; every new node
must belong to such a form. One node that is left over denies the change, and a person merges.

It is no proof that the fix is right: that is the engine's business, and the tests'. It makes sure that nothing comes
along with a fix, and that a guard does not open a door. All judgement is on syntax; nothing is imported or run.
"""

from __future__ import annotations

import ast
import tokenize
import warnings

from app.core.syntax import names_bound, names_in
from app.verify.conformance.alignment import Edit, Reader, Reading, TooMuch
from app.verify.conformance.old_file import OldFile
from app.verify.conformance.regression_test import own_sources, unexplained_test
from app.verify.conformance.text import comment_problems, identifier_problems, outside_problems, read_problems
from app.verify.conformance.unexplained import Unexplained
from app.verify.conformance.vocabulary import VOCABULARIES

__all__ = ["MOST_EDITS", "MOST_STATEMENTS", "Unexplained", "own_sources", "unexplained", "unexplained_test"]

MOST_EDITS = 4
MOST_STATEMENTS = 6


def unexplained(category: str, before: str, after: str) -> tuple[Unexplained, ...]:
    """Every place of the change that a fix of `category` does not explain; empty if it explains the whole change.

    Never raises: what can not be read is not explained.
    """
    if category not in VOCABULARIES:
        return (Unexplained(1, f"{ascii(category)[:60]} is no category of fixes."),)
    if before == after:
        return ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _judged(category, before, after)
    except (RecursionError, MemoryError, TooMuch):
        return (Unexplained(1, "The change is too large or too deeply nested to be explained."),)
    except (SyntaxError, ValueError, tokenize.TokenError):
        return (Unexplained(1, "The old or the new text is no Python that can be read."),)


def _judged(category: str, before: str, after: str) -> tuple[Unexplained, ...]:
    """The problems of the text, then those of the syntax, then those of the change as a whole."""
    found = list(read_problems(before, after))
    if found:
        return tuple(found)
    old, new = ast.parse(before), ast.parse(after)
    compile(
        after, "<after>", "exec", dont_inherit=True
    )  # a `return` outside of a function, for one, is parsed
    found += [*identifier_problems(before, after), *comment_problems(before, after)]
    reading = Reader(OldFile(old), VOCABULARIES[category]).read(new)
    found += reading.problems or _as_a_whole(reading, new)
    if not found:
        edit = next((one for one in reading.edits if one.function is not None), None)
        imports = [one.line for one in reading.edits if one.is_import]
        if edit is not None and edit.function is not None:
            found += outside_problems(before, after, edit.function, imports)
        else:
            found.append(Unexplained(1, "Only the layout of the file changes."))
    return tuple(sorted(found, key=lambda one: one.line))


def _as_a_whole(reading: Reading, new: ast.Module) -> list[Unexplained]:
    """What each part allows, and all of them together do not: a fix is one small change in one function."""
    edits = [one for one in reading.edits if not one.is_import]
    found: list[Unexplained] = []
    if any(one.function is None for one in edits):
        found.append(Unexplained(edits[0].line, "The change is outside of any function."))
    elif len({id(one.function) for one in edits}) > 1:
        found.append(Unexplained(edits[-1].line, "The change is spread over several functions."))
    if len(edits) > MOST_EDITS or sum(one.statements for one in edits) > MOST_STATEMENTS:
        found.append(Unexplained(edits[-1].line, "The change has more parts than a fix needs."))
    imports = [one for one in reading.edits if one.is_import]
    return found + [
        Unexplained(one.line, "An import is added that the fix does not need.")
        for one in imports
        if len(imports) > 1 or not edits or not _is_used(one, new)
    ]


def _is_used(edit: Edit, new: ast.Module) -> bool:
    statements = [one for one in new.body if isinstance(one, ast.Import) and one.lineno == edit.line]
    return any(names_bound(one) & names_in(new) for one in statements)
