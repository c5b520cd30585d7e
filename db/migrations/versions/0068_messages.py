"""Messages of kinds, replies with a preview, and messages that are edited or deleted."""

from db.migrations import run_sql_beside

revision = "0068_messages"
down_revision = "0067_groups"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
