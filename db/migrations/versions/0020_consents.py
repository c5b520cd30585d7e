"""Consents, with their history."""

from db.migrations import run_sql_beside

revision = "0020_consents"
down_revision = "0019_media"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
