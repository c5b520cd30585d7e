"""Who rings whom, and whether two who are connected may have video."""

from db.migrations import run_sql_beside

revision = "0055_direct_calls_and_video"
down_revision = "0054_relay_only"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
