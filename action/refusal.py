"""Why the verification cannot even look: the one exception that every step of it raises."""

from __future__ import annotations

from app.verify.gates import Objection


class Refused(Exception):
    """The pull request is not proved. `gate` names what is missing, the message says what was found."""

    def __init__(self, gate: str, message: str) -> None:
        super().__init__(message)
        self.gate = gate

    @property
    def objection(self) -> Objection:
        """The refusal as a gate would say it."""
        return Objection(str(self))
