"""Whose fault a failed match was, the tier of trust, and the audit log."""

from db.migrations import run_sql_beside

revision = "0005_conduct"
down_revision = "0004_values"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
