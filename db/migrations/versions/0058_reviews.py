"""Reviews of places, and what they come to."""

from db.migrations import run_sql_beside

revision = "0058_reviews"
down_revision = "0057_posts"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
