"""What nodes of the version before use stays while they are replaced."""

from db.migrations import run_sql_beside

revision = "0014_version_before"
down_revision = "0013_pending_blocks"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
