"""Who forgets waits for no mark that an erasure has locked."""

from db.migrations import run_sql_beside

revision = "0080_marks_in_turn"
down_revision = "0079_apns"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
