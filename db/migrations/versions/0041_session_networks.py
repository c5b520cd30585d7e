"""From which network somebody signed in."""

from db.migrations import run_sql_beside

revision = "0041_session_networks"
down_revision = "0040_notifications"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
