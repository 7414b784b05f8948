"""The policy's section `rollout`: how the way of a merged fix into production is followed."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, model_validator

from app.core.model import RolloutPlan

DAY = 86_400
Text = Annotated[StrictStr, Field(min_length=1, max_length=200)]
WorkflowFile = Annotated[StrictStr, Field(max_length=100, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*\.ya?ml$")]


class Rollout(BaseModel):
    """How the rollout of a merged fix shows itself: by deployments, unless one of the first two keys is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    contexts: Annotated[
        tuple[Text, ...],
        Field(
            max_length=20,
            description="Commit statuses that tell of it, as globs: `continuous-delivery/shop` (Argo CD), "
            "`kustomization/shop/*` (Flux). For each glob there must be one, and all must be green.",
        ),
    ] = ()
    workflow: Annotated[
        WorkflowFile | None,
        Field(
            description="Or the file in `.github/workflows` whose runs on the default branch deploy: `deploy.yml`."
        ),
    ] = None
    canary: Annotated[
        Text | None,
        Field(
            description="What comes before production, if anything: the name of an environment, with `contexts` a "
            "glob, with `workflow` another file. Production has to follow it, unless it has more than its share of the "
            "errors: then a person is called at once."
        ),
    ] = None
    reporters: Annotated[
        tuple[Text, ...],
        Field(
            max_length=20,
            description="Logins that are believed, such as `github-actions[bot]`. "
            "Not given: everybody who may report, which needs write access.",
        ),
    ] = ()
    start_seconds: Annotated[
        StrictInt, Field(gt=0, le=DAY, description="A person is called if nothing is seen for so long.")
    ] = 600
    progress_seconds: Annotated[
        StrictInt,
        Field(gt=0, le=DAY, description="Likewise if a rollout that began has no news for so long."),
    ] = 600
    longest_seconds: Annotated[
        StrictInt, Field(gt=0, le=7 * DAY, description="Likewise if it is not live so long after the merge.")
    ] = 3600

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.contexts and self.workflow:
            raise ValueError("give `contexts` or `workflow`, not both")
        return self

    @property
    def plan(self) -> RolloutPlan:
        """The section as the stages read it."""
        return RolloutPlan(
            contexts=self.contexts,
            workflow=self.workflow,
            canary=self.canary,
            reporters=self.reporters,
            start_seconds=float(self.start_seconds),
            progress_seconds=float(self.progress_seconds),
            longest_seconds=float(self.longest_seconds),
        )
