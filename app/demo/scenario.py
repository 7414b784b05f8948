"""The stories that the demo tells, and how each must end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.core.model import Reason, Result

TEMPLATE = Path(__file__).parent / "sample"
OVERLAYS = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story. `reason` is why it ends with a person, if it does; `kills` is how often the server is killed.

    `rate` is how many requests customers send a second, where the story is about that. `tracker` is the error tracker
    that the shop reports to, by its name in `trackers`. `with_files_of` names folders of `scenarios` whose files are
    laid over the sample before its own.
    """

    name: str
    story: str
    result: Result
    reason: Reason | None = None
    protected: bool = True
    kills: int = 0
    rate: float | None = None
    tracker: str = "sentry"
    with_files_of: tuple[str, ...] = ()

    @property
    def overlays(self) -> tuple[Path, ...]:
        """The folders whose files are laid over the sample repository before its first commit, in this order."""
        folders = (OVERLAYS / name for name in (*self.with_files_of, self.name))
        return tuple(folder for folder in folders if folder.is_dir())


SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("fixed", "a None reaches checkout; the fix is merged, canaried and proven", Result.FIXED),
        Scenario("novel", "a failure of an unknown kind goes to a person", Result.ESCALATED, Reason.NOVEL),
        Scenario(
            "red-tests",
            "the fix breaks a test of the repository, so it is never merged",
            Result.ESCALATED,
            Reason.CHECK_FAILED,
        ),
        Scenario(
            "bad-canary",
            "the fix moves the failure elsewhere, and the canary is rolled back",
            Result.ESCALATED,
            Reason.ROLLED_BACK,
        ),
        Scenario(
            "stalled-rollout",
            "the fix is merged, and its canary waits for ever; a person is called in time",
            Result.ESCALATED,
            Reason.ROLLOUT_STALLED,
        ),
        Scenario(
            "low-traffic",
            "few customers come, so production cannot say in time whether the fix helps; it says how long it needs",
            Result.ESCALATED,
            Reason.INCONCLUSIVE,
            rate=1.5,
        ),
        Scenario(
            "recurrence",
            "the fix is proven, and later somebody takes it out again; the issue opens anew, with its history",
            Result.ESCALATED,
            Reason.RECURRED,
            with_files_of=("lax-canary",),
        ),
        Scenario(
            "no-help",
            "the fix moves the failure elsewhere, and a lax canary lets it through; it is taken back",
            Result.ESCALATED,
            Reason.REGRESSED,
            with_files_of=("bad-canary", "lax-canary"),
        ),
        Scenario(
            "unprotected",
            "the branch requires no checks, so the fix is only proposed",
            Result.PROPOSED,
            Reason.UNPROTECTED,
            protected=False,
        ),
        Scenario(
            "tampered",
            "a person pushes to the fix's branch while its checks run; it is theirs now",
            Result.ESCALATED,
            Reason.HANDED_OVER,
        ),
        Scenario(
            "commands",
            "a person stops the fix, tries again, asks why, and approves it, all in comments",
            Result.FIXED,
        ),
        Scenario(
            "forged-event",
            "a stranger sends a made-up event through the public key; it is ignored, with the reason",
            Result.ESCALATED,
            Reason.UNCORROBORATED,
        ),
        Scenario(
            "datadog",
            "the shop reports to Datadog, whose stack traces hold no values; the fix is merged, canaried and proven",
            Result.FIXED,
            tracker="datadog",
        ),
        Scenario(
            "crash",
            "the server is killed twice at random, and the fix still arrives once",
            Result.FIXED,
            kills=2,
        ),
    )
}
