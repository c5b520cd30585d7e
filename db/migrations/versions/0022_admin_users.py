"""Looking for users."""

from db.migrations import run_sql_beside

revision = "0022_admin_users"
down_revision = "0021_returns"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
