"""The record of each match: why these two."""

from db.migrations import run_sql_beside

revision = "0003_match_decisions"
down_revision = "0002_partings"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
