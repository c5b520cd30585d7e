"""Posts, comments on them, and likes."""

from db.migrations import run_sql_beside

revision = "0057_posts"
down_revision = "0056_places"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
