"""A queue of jobs, in the tables that pgqueuer works with."""

from db.migrations import run_sql_beside

revision = "0032_jobs"
down_revision = "0031_rooms"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
