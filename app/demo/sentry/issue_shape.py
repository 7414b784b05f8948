"""Groups, activities, releases and deploys as the REST API shows them."""

from __future__ import annotations

from typing import Any

from app.demo.sentry.groups import Activity, Group
from app.demo.sentry.releases import Commit, Deploy, Release
from app.demo.sentry.series import Selection
from app.demo.sentry.store import Store
from app.demo.sentry.times import iso, iso_or_none

HOUR = 3_600
DAY = 86_400
USER = {"id": "1", "name": "Autofix", "username": "autofix", "email": "autofix@example.com"}


def issue_json(store: Store, group: Group, permalink: str) -> dict[str, Any]:
    """The issue's detail."""
    return {
        "id": group.id,
        "shareId": None,
        "shortId": group.short_id,
        "title": group.title,
        "culprit": group.culprit,
        "permalink": permalink,
        "logger": None,
        "level": group.level,
        "status": group.status,
        "statusDetails": group.status_details,
        "substatus": group.substatus,
        "isPublic": False,
        "platform": group.platform,
        "project": project_json(store, group.platform),
        "type": "error" if "type" in group.metadata else "default",
        "metadata": group.metadata,
        "numComments": sum(activity.type == "note" for activity in group.activity),
        "assignedTo": None,
        "isBookmarked": False,
        "isSubscribed": False,
        "hasSeen": False,
        "annotations": [],
        "issueType": "error",
        "issueCategory": "error",
        "priority": "high",
        "isUnhandled": group.unhandled,
        # A string, as at Sentry; the number of users is a number.
        "count": str(group.total),
        "userCount": len(group.users),
        "firstSeen": iso(group.first_seen),
        "lastSeen": iso(group.last_seen),
        "firstRelease": _release_of(store, group.first_release),
        "lastRelease": _release_of(store, group.last_release),
        "activity": [activity_json(activity) for activity in group.activity],
        "stats": {"24h": _stats(store, group, HOUR, 24), "30d": _stats(store, group, DAY, 30)},
        "tags": [],
    }


def project_json(store: Store, platform: str) -> dict[str, Any]:
    """The project as an issue names it."""
    return {"id": str(store.project_id), "name": store.project, "slug": store.project, "platform": platform}


def activity_json(activity: Activity) -> dict[str, Any]:
    """One activity; a note is one too."""
    user = USER if activity.type == "note" else None
    shape = {"id": str(activity.id), "type": activity.type, "user": user, "data": dict(activity.data)}
    return {**shape, "dateCreated": iso(activity.at), "sentry_app": None}


def release_json(store: Store, release: Release) -> dict[str, Any]:
    """The release's detail."""
    newest = release.deploys[0] if release.deploys else None
    project = project_json(store, "python")
    return {
        "id": release.number,
        "version": release.version,
        "shortVersion": release.version,
        "versionInfo": {
            "package": release.version.rpartition("@")[0] or None,
            "version": {"raw": release.version.rpartition("@")[2]},
            "description": release.version.rpartition("@")[2],
            "buildHash": None,
        },
        "status": "open",
        "ref": release.ref,
        "url": release.url,
        "dateReleased": release.released,
        "dateCreated": iso(release.created),
        "data": {},
        "newGroups": release.new_groups,
        "owner": None,
        "commitCount": len(release.commits),
        "lastCommit": commit_json(release.commits[0]) if release.commits else None,
        "deployCount": len(release.deploys),
        "lastDeploy": deploy_json(newest) if newest is not None else None,
        "authors": [],
        "projects": [{**project, "newGroups": release.new_groups, "hasHealthData": True}],
        "firstEvent": iso_or_none(release.first_event),
        "lastEvent": iso_or_none(release.last_event),
        "currentProjectMeta": {},
        "userAgent": None,
    }


def commit_json(commit: Commit) -> dict[str, Any]:
    """A commit as releases and suspect commits show it."""
    return {
        "id": commit.id,
        "message": commit.message,
        "dateCreated": commit.at,
        "pullRequest": None,
        "suspectCommitType": "via commit in release",
        "author": author_json(commit),
        "repository": {"name": commit.repository} if commit.repository else None,
        "releases": [],
    }


def author_json(commit: Commit) -> dict[str, Any]:
    """Who wrote the commit."""
    return {"name": commit.author, "email": commit.email}


def deploy_json(deploy: Deploy) -> dict[str, Any]:
    """A deploy."""
    return {
        "id": str(deploy.id),
        "environment": deploy.environment,
        "name": deploy.name,
        "url": deploy.url,
        "dateStarted": deploy.started,
        "dateFinished": deploy.finished,
    }


def _release_of(store: Store, version: str | None) -> dict[str, Any] | None:
    release = store.releases.get(version) if version is not None else None
    return None if release is None else release_json(store, release)


def _stats(store: Store, group: Group, width: int, number: int) -> list[list[int]]:
    """Events by bucket, the current one last."""
    now = store.clock()
    last = int(now // width) * width
    counts = dict.fromkeys(range(last - (number - 1) * width, last + width, width), 0)
    chosen = Selection(start=last - (number - 1) * width, name=group.id)
    for item in store.errors.select(chosen, now=now):
        bucket = int(item.at // width) * width
        counts[bucket] = counts.get(bucket, 0) + item.weight
    return [[bucket, count] for bucket, count in counts.items()]
