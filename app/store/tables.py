"""The tables of the store. `migrations/` brings a database to this state; a test holds the two together."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("guid", String(64), primary_key=True),
    Column("event", String(64), nullable=False),
    Column("body_sha256", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", Float, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", Float, nullable=False),
    Column("note", Text, nullable=False, default=""),
    UniqueConstraint("event", "body_sha256"),
    Index("ix_deliveries_state", "state", "due_at"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("repository", String(256), nullable=False),
    Column("repository_id", BigInteger, nullable=False),
    Column("installation_id", BigInteger, nullable=False),
    Column("issue", Integer, nullable=False),
    Column("fingerprint", String(256), nullable=False),
    Column("opened_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("stage", String(16), nullable=False, default="detect"),
    Column("result", String(16)),
    Column("reason", String(32)),
    Column("summary", Text, nullable=False, default=""),
    Column("pull_request", Integer),
    Column("case_file", Text),
    Column("path", Text),
    Column("merge_sha", String(64)),
    Column("merged_at", Float),
    Column("approved_by", String(100)),
    Column("workflow", String(160)),
    Column("vouched_by", String(100)),
    Column("asked_in", BigInteger),
    Index("ix_incidents_merge_sha", "merge_sha"),
    Index("ix_incidents_repository", "repository_id", "ended_at"),
    Index("ix_incidents_fingerprint", "repository_id", "fingerprint"),
)

steps = Table(
    "steps",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident", String(80), ForeignKey("incidents.id"), nullable=False),
    Column("stage", String(16), nullable=False),
    Column("name", String(64), nullable=False),
    Column("started_at", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("note", Text, nullable=False, default=""),
    Index("ix_steps_incident", "incident", "started_at"),
)

track_record = Table(
    "track_record",
    metadata,
    Column("incident", String(80), ForeignKey("incidents.id"), primary_key=True),
    Column("repository_id", BigInteger, nullable=False),
    Column("category", String(64), nullable=False),
    Column("pattern", String(64), nullable=False),
    Column("result", String(16), nullable=False),
    Column("reason", String(32)),
    Column("at", Float, nullable=False),
    Column("would_merge", Boolean, nullable=False, server_default=false()),
    Column("handling", String(16)),
    Column("reverted_at", Float),
    Index("ix_track_record_pattern", "repository_id", "pattern", "at"),
)

# Repositories that are paused by a command; 0 stands for all of them.
pauses = Table(
    "pauses",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("by", String(100), nullable=False),
    Column("at", Float, nullable=False),
)

# From when on the track record of a category counts, after a person has forgiven what was before.
pardons = Table(
    "pardons",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("category", String(64), primary_key=True),
    Column("by", String(100), nullable=False),
    Column("at", Float, nullable=False),
)

# What was asked for in a comment, by whom, and what the answer was: each comment has its effect once.
orders = Table(
    "orders",
    metadata,
    Column("comment", BigInteger, primary_key=True, autoincrement=False),
    Column("repository_id", BigInteger, nullable=False),
    Column("verb", String(32), nullable=False),
    Column("by", String(100), nullable=False),
    Column("at", Float, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("answer", Text, nullable=False),
)

# What is told outside of GitHub, once for each change of an incident and target. `message` names the one message of
# several that were sent together.
notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident", String(80), ForeignKey("incidents.id"), nullable=False),
    Column("change", String(80), nullable=False),
    Column("target", String(32), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("message", String(40)),
    Column("tried_at", Float),
    Column("note", Text, nullable=False, default=""),
    UniqueConstraint("incident", "change", "target"),
    Index("ix_notices_state", "state", "due_at"),
    Index("ix_notices_target", "target", "tried_at"),
)
