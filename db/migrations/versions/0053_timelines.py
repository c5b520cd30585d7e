"""What happened in calls, and why they ended as they did, is kept for a while."""

from db.migrations import run_sql_beside

revision = "0053_timelines"
down_revision = "0052_echo_calls"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
