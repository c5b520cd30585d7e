"""Who may call somebody directly."""

from db.migrations import run_sql_beside

revision = "0046_direct_calls"
down_revision = "0045_own_rows"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
