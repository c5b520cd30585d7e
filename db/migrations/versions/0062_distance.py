"""A distance is worked out in the statement that asks for it, and no longer by a call for each place."""

from db.migrations import run_sql_beside

revision = "0062_distance"
down_revision = "0061_probes"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
