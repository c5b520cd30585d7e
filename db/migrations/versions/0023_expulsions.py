"""Who was put out of sessions."""

from db.migrations import run_sql_beside

revision = "0023_expulsions"
down_revision = "0022_admin_users"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
