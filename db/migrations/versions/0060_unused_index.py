"""Moderators look at cases, and no statement looks for undecided reports any more."""

from db.migrations import run_sql_beside

revision = "0060_unused_index"
down_revision = "0059_reported_posts"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
