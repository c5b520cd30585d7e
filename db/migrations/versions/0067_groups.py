"""Groups: rooms with a name, roles and invitations."""

from db.migrations import run_sql_beside

revision = "0067_groups"
down_revision = "0066_unsettled_sessions"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
