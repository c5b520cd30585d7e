"""Indexes to find by age what is to be deleted."""

from db.migrations import run_sql_beside

revision = "0009_leftovers"
down_revision = "0008_outbox"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
