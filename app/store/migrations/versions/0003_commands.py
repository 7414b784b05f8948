"""What people asked for in comments, and what became of it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("incidents", sa.Column("vouched_by", sa.String(100)))
    op.add_column("incidents", sa.Column("asked_in", sa.BigInteger))
    op.create_table(
        "orders",
        sa.Column("comment", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("repository_id", sa.BigInteger, nullable=False),
        sa.Column("verb", sa.String(32), nullable=False),
        sa.Column("by", sa.String(100), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("comment", name="pk_orders"),
    )


def downgrade() -> None:
    """Remove them again."""
    op.drop_table("orders")
    op.drop_column("incidents", "asked_in")
    op.drop_column("incidents", "vouched_by")
