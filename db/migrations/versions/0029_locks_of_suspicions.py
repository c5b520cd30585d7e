"""Suspicions wait for nobody crosswise, and none outlives the ban that it follows from."""

from db.migrations import run_sql_beside

revision = "0029_locks_of_suspicions"
down_revision = "0028_newcomers"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
