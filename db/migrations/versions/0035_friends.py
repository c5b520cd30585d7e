"""Friends: requests, friendships with a room, and what ends them."""

from db.migrations import run_sql_beside

revision = "0035_friends"
down_revision = "0034_shown_media"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
