"""A search of all rooms that looks further back goes on where it was."""

from db.migrations import run_sql_beside

revision = "0076_search_goes_on"
down_revision = "0075_forgetting"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
