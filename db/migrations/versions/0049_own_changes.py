"""What people change of their own over REST, as the role `app_user` too."""

from db.migrations import run_sql_beside

revision = "0049_own_changes"
down_revision = "0048_one_message"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
