"""A call may be with the server itself: `echo` is an origin."""

from db.migrations import run_sql_beside

revision = "0052_echo_calls"
down_revision = "0051_own_messages"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
