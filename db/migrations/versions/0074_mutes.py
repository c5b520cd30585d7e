"""Until when members want no push of what is said in a room."""

from db.migrations import run_sql_beside

revision = "0074_mutes"
down_revision = "0073_search_of_rooms"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
