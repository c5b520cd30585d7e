"""Nobody hears what is read in a room that has ended."""

from db.migrations import run_sql_beside

revision = "0025_receipts"
down_revision = "0024_scans"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
