"""Accounts that await erasure, copies of one's own data, and what finds calls to forget."""

from db.migrations import run_sql_beside

revision = "0039_own_data"
down_revision = "0038_contacts"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
