"""What people show of themselves, and what is kept of when they were here."""

from db.migrations import run_sql_beside

revision = "0042_privacy"
down_revision = "0041_session_networks"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
