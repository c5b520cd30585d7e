"""The second factor of accounts, and of sessions."""

from db.migrations import run_sql_beside

revision = "0018_second_factor"
down_revision = "0017_restricted_sessions"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
