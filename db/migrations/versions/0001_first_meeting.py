"""Accounts, calls, connections and rooms."""

from db.migrations import run_sql_beside

revision = "0001_first_meeting"
down_revision = None


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
