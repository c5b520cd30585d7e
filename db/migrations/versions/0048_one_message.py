"""A message that is stored alone."""

from db.migrations import run_sql_beside

revision = "0048_one_message"
down_revision = "0047_data_keys"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
