"""Rooms forget what was said in them, after a time."""

from db.migrations import run_sql_beside

revision = "0075_forgetting"
down_revision = "0074_mutes"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
