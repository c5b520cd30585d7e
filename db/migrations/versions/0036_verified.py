"""When an email address was shown to be its owner's."""

from db.migrations import run_sql_beside

revision = "0036_verified"
down_revision = "0035_friends"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
