"""Marks of addresses that were shown to be their owner's."""

from db.migrations import run_sql_beside

revision = "0050_mailboxes"
down_revision = "0049_own_changes"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
