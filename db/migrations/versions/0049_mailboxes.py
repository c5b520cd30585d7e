"""Marks of addresses that were shown to be their owner's."""

from db.migrations import run_sql_beside

revision = "0049_mailboxes"
down_revision = "0048_one_message"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
