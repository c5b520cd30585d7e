"""Matching by where people go, for those who want it."""

from db.migrations import run_sql_beside

revision = "0070_haunts"
down_revision = "0069_receipts"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
