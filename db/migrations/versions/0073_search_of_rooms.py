"""A search of all rooms chooses how to look by what it finds first."""

from db.migrations import run_sql_beside

revision = "0073_search_of_rooms"
down_revision = "0072_pushes"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
