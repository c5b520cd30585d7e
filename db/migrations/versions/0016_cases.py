"""Reports of more than calls, gathered in cases; what is decided leaves strikes, which can be appealed."""

from db.migrations import run_sql_beside

revision = "0016_cases"
down_revision = "0015_messages"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
