"""How iPhones are reached without Firebase."""

from db.migrations import run_sql_beside

revision = "0079_apns"
down_revision = "0078_gone_media"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
