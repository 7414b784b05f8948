"""Does the verification run in the repository's own CI, and will every required check start?"""

from __future__ import annotations

from collections.abc import Callable

from app.doctor.facts import Facts, verify_name
from app.doctor.finding import Check, Failed, Level, Passed, Unread, known
from app.doctor.workflow_files import Job, WorkflowFile, reporting

_FOLDER = ".github/workflows"


def verification_present(facts: Facts) -> Passed | Failed:
    """A job on the default branch runs our action under the name that the policy gives to the check."""
    files, name = known(facts.workflows), verify_name(facts)
    ours = [(file, job) for file, job in reporting(files, name) if job.ours]
    if ours:
        return Passed(f"`{ours[0][0].path}`, job `{name}`")
    elsewhere = [job for file in files for job in file.jobs if job.ours]
    if elsewhere:
        return _named_otherwise(elsewhere[0], name)
    broken = [file for file in files if file.fault]
    note = f" (`{broken[0].path}` cannot be read: {broken[0].fault})" if broken else ""
    return Failed(
        f"no workflow in `{_FOLDER}` uses our action{note}",
        f"run `autofix init {facts.repository}` and merge its pull request",
    )


def _named_otherwise(job: Job, name: str) -> Failed:
    """Of a job that calls our workflow, the name alone is no check, so it cannot simply be named as the policy says."""
    setting = f"set `checks.verify: {job.reports}` in the policy"
    if job.calls:
        found = f"the job `{job.name}` calls our workflow, so its check is `{job.reports}`"
        return Failed(f"{found}, but the policy's is `{name}`", setting)
    found = f"our action runs in the job `{job.name}`, but the policy's check is `{name}`"
    return Failed(found, f"name the job `{name}`, or {setting}")


def verification_pinned(facts: Facts) -> Passed | Failed:
    """Our action is pinned to a full commit SHA, so that nobody can change it underneath."""
    file, job = _verification(facts)
    if job.pinned:
        return Passed("by a full commit SHA")
    return Failed(f"`{job.ours[0]}` can move", "use it by a full commit SHA", _page(facts, file))


def verification_strict(facts: Facts) -> Passed | Failed:
    """The verification cannot be green without having run: GitHub counts a skipped job as a success."""
    file, job = _verification(facts)
    if job.skippable:
        return Failed(
            "the job has an `if:`, and a skipped job counts as success", "remove `if:`", _page(facts, file)
        )
    if job.forgiving:
        found = "`continue-on-error` turns a refusal green"
        return Failed(found, "remove `continue-on-error`", _page(facts, file))
    return Passed("it can be neither skipped nor ignored")


def verification_starts(facts: Facts) -> Passed | Failed:
    """The verification runs on every pull request into the default branch."""
    file, _ = _verification(facts)
    if "pull_request_target" in file.triggers:
        found = "`pull_request_target` gives a pull request the repository's secrets"
        return Failed(found, "run on `pull_request` instead", _page(facts, file))
    obstacle = file.obstacle(facts.default_branch)
    if obstacle:
        return Failed(obstacle, "run on `pull_request:` without filters", _page(facts, file))
    return Passed(f"on every pull request into `{facts.default_branch}`")


def required_start(facts: Facts) -> Passed | Failed:
    """Everything that the branch or the policy requires is reported on every pull request, or nothing is merged."""
    return _each_required(
        facts, lambda file: file.obstacle(facts.default_branch), "run on `pull_request:` without filters"
    )


def queue_starts(facts: Facts) -> Passed | Failed:
    """Where the branch has a merge queue, everything that it requires also runs for the queue."""
    if not known(facts.branch).merge_queue:
        return Passed("none")
    return _each_required(
        facts,
        lambda file: None if file.queues else "it does not run on `merge_group`",
        "add `merge_group:` to `on:`",
    )


def _each_required(
    facts: Facts, obstacle: Callable[[WorkflowFile], str | None], change: str
) -> Passed | Failed:
    policy = facts.policy
    waited_for = () if policy is None or isinstance(policy, Unread) else policy.checks.required
    names = sorted({*(check.context for check in known(facts.required)), *waited_for})
    for name in names:
        jobs = reporting(known(facts.workflows), name)
        obstacles = [obstacle(file) for file, _ in jobs]
        if jobs and None not in obstacles:
            file = jobs[0][0]
            return Failed(
                f"`{name}` ({file.path}): {obstacles[0]}", f"`{file.path}`: {change}", _page(facts, file)
            )
        if not jobs and not _reported(facts, name):
            caller = next((job for job in _callers(facts) if job.name == name), None)
            if caller is not None:
                return Failed(
                    f"nothing reports `{name}`: that job calls our workflow, so its check is `{caller.reports}`",
                    f"require the status check `{caller.reports}` instead of `{name}`",
                    facts.settings("rules"),
                )
            return Failed(
                f"nothing reports `{name}`: no job has that name, and no recent commit shows it",
                "require the check by the name that its job has, or remove it from the rules",
                facts.settings("rules"),
            )
    return Passed(", ".join(f"`{name}`" for name in names) or "nothing is required")


def _callers(facts: Facts) -> list[Job]:
    """The jobs that call our reusable workflow."""
    return [job for file in known(facts.workflows) for job in file.jobs if job.calls and job.ours]


def _reported(facts: Facts, name: str) -> bool:
    """Whether an app other than GitHub Actions was seen to report `name`."""
    return bool(known(facts.reporters).get(name, frozenset()) - {"github-actions"})


def _verification(facts: Facts) -> tuple[WorkflowFile, Job]:
    ours = [item for item in reporting(known(facts.workflows), verify_name(facts)) if item[1].ours]
    return known(ours[0] if ours else Unread("there is no verification workflow yet"))


def _page(facts: Facts, file: WorkflowFile) -> str:
    return f"{facts.page}/blob/{facts.default_branch}/{file.path}"


CHECKS = (
    Check("verification", Level.AUTOMERGE, verification_present),
    Check("verification pinned", Level.AUTOMERGE, verification_pinned),
    Check("verification strict", Level.AUTOMERGE, verification_strict),
    Check("verification starts", Level.AUTOMERGE, verification_starts),
    Check("required checks start", Level.AUTOMERGE, required_start),
    Check("merge queue", Level.AUTOMERGE, queue_starts),
)
