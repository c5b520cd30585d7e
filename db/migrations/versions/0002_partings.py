"""Partings: the effects of a block that are still to be performed."""

from db.migrations import run_sql_beside

revision = "0002_partings"
down_revision = "0001_first_meeting"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
