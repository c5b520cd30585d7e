"""Up to which message of a room devices were sent a push, and which devices are refused."""

from db.migrations import run_sql_beside

revision = "0072_pushes"
down_revision = "0071_search"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
