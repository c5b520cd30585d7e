"""With which app somebody is signed in."""

from db.migrations import run_sql_beside

revision = "0044_session_clients"
down_revision = "0043_media_review"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
