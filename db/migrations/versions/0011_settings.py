"""What a user has set: theme, language and time zone."""

from db.migrations import run_sql_beside

revision = "0011_settings"
down_revision = "0010_idempotency"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
