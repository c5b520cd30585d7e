"""Newcomers are kept from those who have blocked or reported somebody as old."""

from db.migrations import run_sql_beside

revision = "0028_newcomers"
down_revision = "0027_parted_in_a_call"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
