"""Catches everything, because what the code under test raises is the result, even if it would end the process."""

from __future__ import annotations

import types


class Catching:
    """A context that nothing leaves; `raised` is what was raised in it, unwrapped from groups of one."""

    def __init__(self) -> None:
        self.raised: BaseException | None = None

    def __enter__(self) -> None:
        """Nothing has been raised yet."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: types.TracebackType | None,
    ) -> bool:
        """What was raised is kept and goes no further."""
        while isinstance(raised, BaseExceptionGroup) and len(raised.exceptions) == 1:
            raised = raised.exceptions[0]
        self.raised = raised
        return True
