"""The values that users hold dear."""

from db.migrations import run_sql_beside

revision = "0004_values"
down_revision = "0003_match_decisions"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
