"""Why a pull request is not verified: the one exception that every step of the verification raises."""

from __future__ import annotations


class Refused(Exception):
    """The pull request is not proved. `gate` names the rule, the message says what was found."""

    def __init__(self, gate: str, message: str) -> None:
        super().__init__(message)
        self.gate = gate
