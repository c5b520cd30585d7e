"""Appeals against strikes that were lifted are granted."""

from db.migrations import run_sql_beside

revision = "0026_granted_appeals"
down_revision = "0025_receipts"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
