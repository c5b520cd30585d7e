"""Whom somebody has in their address book, by keyed hashes of numbers, and who is found by that."""

from db.migrations import run_sql_beside

revision = "0038_contacts"
down_revision = "0037_found"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
