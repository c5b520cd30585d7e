"""Sessions of restricted use."""

from db.migrations import run_sql_beside

revision = "0017_restricted_sessions"
down_revision = "0016_cases"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
