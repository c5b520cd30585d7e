"""Who may see whom, as relations that every query asks."""

from db.migrations import run_sql_beside

revision = "0012_visibility"
down_revision = "0011_settings"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
