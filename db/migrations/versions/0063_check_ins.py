"""Check-ins at places, by local days, and the journeys that they come to."""

from db.migrations import run_sql_beside

revision = "0063_check_ins"
down_revision = "0062_distance"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
