"""What accounts were seen with, and who may be somebody who was banned."""

from db.migrations import run_sql_beside

revision = "0021_returns"
down_revision = "0020_consents"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
