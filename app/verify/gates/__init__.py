"""The gates of the verification, each one small pure function, in the order in which they are asked.

A table a phase: who comes in (ENTRY), what GitHub says of it (LIVE), what is changed (CHANGE), what was run (PROOF),
the other jobs (JOBS), and whether all of this still is about the head (STILL). All gates that need nothing to be run
are asked together, so that all that is wrong is told at once; nothing of a pull request is run before they have passed.

A pull request that takes a fix back is asked other questions (PERSON, REVERT), and nothing of it is run.
"""

from app.verify.gates.change import CHANGE
from app.verify.gates.entry import ENTRY
from app.verify.gates.gate import Gate, Objection, Result, Weight, denied, judge
from app.verify.gates.live import JOBS, LIVE, PERSON, STILL
from app.verify.gates.proof import PROOF
from app.verify.gates.revert import REVERT

__all__ = [
    "CHANGE",
    "ENTRY",
    "JOBS",
    "LIVE",
    "PERSON",
    "PROOF",
    "REVERT",
    "STILL",
    "Gate",
    "Objection",
    "Result",
    "Weight",
    "denied",
    "judge",
]
