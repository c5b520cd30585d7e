"""When pictures are to be scanned."""

from db.migrations import run_sql_beside

revision = "0024_scans"
down_revision = "0023_expulsions"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
