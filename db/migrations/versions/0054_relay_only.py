"""Who wants to be reached through relays only."""

from db.migrations import run_sql_beside

revision = "0054_relay_only"
down_revision = "0053_timelines"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
