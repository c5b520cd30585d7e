"""Messages are found by their words."""

from db.migrations import run_sql_beside

revision = "0071_search"
down_revision = "0070_haunts"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
