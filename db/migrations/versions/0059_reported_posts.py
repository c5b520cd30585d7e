"""Posts and comments that are reported are held back until somebody has decided."""

from db.migrations import run_sql_beside

revision = "0059_reported_posts"
down_revision = "0058_reviews"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
