"""Messages in groups, and when each was read."""

from db.migrations import run_sql_beside

revision = "0015_messages"
down_revision = "0014_version_before"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
