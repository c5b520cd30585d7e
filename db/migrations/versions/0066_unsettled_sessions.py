"""Sessions with mentors of which nobody says what became of them."""

from db.migrations import run_sql_beside

revision = "0066_unsettled_sessions"
down_revision = "0065_mentors"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
