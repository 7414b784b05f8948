"""The first tables: deliveries, incidents, their steps, and the track record."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "deliveries",
        sa.Column("guid", sa.String(64), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("body_sha256", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("received_at", sa.Float, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.Float, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("guid", name="pk_deliveries"),
        sa.UniqueConstraint("event", "body_sha256", name="uq_deliveries_event"),
    )
    op.create_index("ix_deliveries_state", "deliveries", ["state", "due_at"])
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("repository", sa.String(256), nullable=False),
        sa.Column("repository_id", sa.BigInteger, nullable=False),
        sa.Column("installation_id", sa.BigInteger, nullable=False),
        sa.Column("issue", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.String(256), nullable=False),
        sa.Column("opened_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("result", sa.String(16)),
        sa.Column("reason", sa.String(32)),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("pull_request", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_repository", "incidents", ["repository_id", "ended_at"])
    op.create_index("ix_incidents_fingerprint", "incidents", ["repository_id", "fingerprint"])
    op.create_table(
        "steps",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("incident", sa.String(80), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_steps"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name="fk_steps_incident"),
    )
    op.create_index("ix_steps_incident", "steps", ["incident", "started_at"])
    op.create_table(
        "track_record",
        sa.Column("incident", sa.String(80), nullable=False),
        sa.Column("repository_id", sa.BigInteger, nullable=False),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("pattern", sa.String(64), nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("incident", name="pk_track_record"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name="fk_track_record_incident"),
    )
    op.create_index("ix_track_record_pattern", "track_record", ["repository_id", "pattern", "at"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("track_record", "steps", "incidents", "deliveries"):
        op.drop_table(table)
