"""Bans for a time, which take effect whoever wrote them."""

from db.migrations import run_sql_beside

revision = "0007_bans"
down_revision = "0006_families"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
