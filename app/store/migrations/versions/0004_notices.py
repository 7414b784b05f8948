"""What is told outside of GitHub, before it is sent."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("incident", sa.String(80), nullable=False),
        sa.Column("change", sa.String(80), nullable=False),
        sa.Column("target", sa.String(32), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("due_at", sa.Float, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("message", sa.String(40)),
        sa.Column("tried_at", sa.Float),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name="fk_notices_incident"),
        sa.UniqueConstraint("incident", "change", "target", name="uq_notices_incident"),
    )
    op.create_index("ix_notices_state", "notices", ["state", "due_at"])
    op.create_index("ix_notices_target", "notices", ["target", "tried_at"])


def downgrade() -> None:
    """Remove it again."""
    op.drop_table("notices")
