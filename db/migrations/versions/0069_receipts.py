"""When messages were delivered."""

from db.migrations import run_sql_beside

revision = "0069_receipts"
down_revision = "0068_messages"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
