"""What files are called that are sent in chats."""

from db.migrations import run_sql_beside

revision = "0077_file_names"
down_revision = "0076_search_goes_on"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
