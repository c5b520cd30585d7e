"""What an answer that gets lost needs: the successors of a refresh token, and whether they have served."""

from db.migrations import run_sql_beside

revision = "0006_families"
down_revision = "0005_conduct"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
