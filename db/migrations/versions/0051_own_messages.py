"""Whose rooms they are is asked once for all messages, and not for each."""

from db.migrations import run_sql_beside

revision = "0051_own_messages"
down_revision = "0050_mailboxes"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
