"""Places: where people go, found near a point and by words."""

from db.migrations import run_sql_beside

revision = "0056_places"
down_revision = "0055_direct_calls_and_video"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
