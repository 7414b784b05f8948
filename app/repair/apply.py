"""Writes a patch into the checkout that it was made for."""

from __future__ import annotations

from app.core.model import FileChange, Fix
from app.repair.beneath import remove_file, write_file
from app.repair.checkout import MAX_FILE, Checkout
from app.repair.fault import BadInput
from app.repair.source_text import encoded


def apply(patch: Fix, checkout: Checkout) -> tuple[str, ...]:
    """The fix and its test are in the checkout; returns their paths. Otherwise nothing has changed.

    Raises:
        BadInput: if a file is not what the fix was made for, or cannot be written.
    """
    # The test first: a new file is easier to take back than a change.
    changes = [(change, _checked(change, checkout)) for change in reversed(patch.changes)]
    done: list[FileChange] = []
    try:
        for change, data in changes:
            write_file(checkout.root, change.path, data)
            done.append(change)
    except OSError as fault:
        for change in done:
            remove_file(checkout.root, change.path)
        raise BadInput(
            f"Nothing was applied: {patch.fix.path} and its test cannot be written: {fault}."
        ) from fault
    return tuple(change.path for change in patch.changes)


def _checked(change: FileChange, checkout: Checkout) -> bytes:
    """The bytes to write, if the file still is as it was read."""
    now = checkout.now(change.path)
    if change.before is None:
        if now is not None or (checkout.root / change.path).is_symlink():
            raise BadInput(
                f"Nothing was applied: {change.path} was to be new and exists. Move it away and repeat."
            )
        return encoded(change.path, change.after)
    then = checkout.read_bytes(change.path)
    if then is None or now != then:
        raise BadInput(
            f"Nothing was applied: {change.path} has changed since it was read. Repeat with it as it is now."
        )
    try:
        data = encoded(change.path, change.after, like=then)
    except UnicodeEncodeError as fault:
        raise BadInput(
            f"Nothing was applied: {change.path} cannot hold the fix in its encoding: {fault}."
        ) from fault
    if len(data) > MAX_FILE:
        raise BadInput(f"Nothing was applied: {change.path} would become too large.")
    return data
