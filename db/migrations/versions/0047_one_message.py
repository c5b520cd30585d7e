"""A message that is stored alone."""

from db.migrations import run_sql_beside

revision = "0047_one_message"
down_revision = "0046_direct_calls"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
