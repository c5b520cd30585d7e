"""Rooms need no connection: they have a kind, members with a role, and an end of their own."""

from db.migrations import run_sql_beside

revision = "0031_rooms"
down_revision = "0030_one_time_codes"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
