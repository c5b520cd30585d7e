"""Mentors, and sessions with them."""

from db.migrations import run_sql_beside

revision = "0065_mentors"
down_revision = "0064_rewards"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
