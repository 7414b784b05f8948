"""What the gate remembers: case files, merges, what people did with our fixes, pauses and pardons."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables."""
    for column in (
        sa.Column("case_file", sa.Text),
        sa.Column("path", sa.Text),
        sa.Column("merge_sha", sa.String(64)),
        sa.Column("merged_at", sa.Float),
        sa.Column("approved_by", sa.String(100)),
        sa.Column("workflow", sa.String(160)),
    ):
        op.add_column("incidents", column)
    op.create_index("ix_incidents_merge_sha", "incidents", ["merge_sha"])
    for column in (
        sa.Column("would_merge", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("handling", sa.String(16)),
        sa.Column("reverted_at", sa.Float),
    ):
        op.add_column("track_record", column)
    op.create_table(
        "pauses",
        sa.Column("repository_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("by", sa.String(100), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("repository_id", name="pk_pauses"),
    )
    op.create_table(
        "pardons",
        sa.Column("repository_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("by", sa.String(100), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "category", name="pk_pardons"),
    )


def downgrade() -> None:
    """Remove them again."""
    op.drop_table("pardons")
    op.drop_table("pauses")
    for name in ("would_merge", "handling", "reverted_at"):
        op.drop_column("track_record", name)
    op.drop_index("ix_incidents_merge_sha", "incidents")
    for name in ("case_file", "path", "merge_sha", "merged_at", "approved_by", "workflow"):
        op.drop_column("incidents", name)
