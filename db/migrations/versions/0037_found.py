"""Who lets themselves be found by a search, and usernames that were given up."""

from db.migrations import run_sql_beside

revision = "0037_found"
down_revision = "0036_verified"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
