"""The outbox: what is stored and is still to be announced."""

from db.migrations import run_sql_beside

revision = "0008_outbox"
down_revision = "0007_bans"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
