"""A block whose effects are still to be performed is called a pending block."""

from db.migrations import run_sql_beside

revision = "0013_pending_blocks"
down_revision = "0012_visibility"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
