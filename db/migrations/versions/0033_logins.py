"""Several ways to sign in to one account."""

from db.migrations import run_sql_beside

revision = "0033_logins"
down_revision = "0032_jobs"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
