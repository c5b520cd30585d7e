"""Notifications, the devices to push them to, and what each user wants to be told."""

from db.migrations import run_sql_beside

revision = "0040_notifications"
down_revision = "0039_own_data"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
