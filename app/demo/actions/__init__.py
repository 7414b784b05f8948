"""GitHub Actions on this machine: the workflow files of the repository, really run and reported."""

from app.demo.actions.runner import ActionsRunner, JobView

__all__ = ["ActionsRunner", "JobView"]
