"""Codes and links that are sent to a phone or a mailbox."""

from db.migrations import run_sql_beside

revision = "0030_one_time_codes"
down_revision = "0029_locks_of_suspicions"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
