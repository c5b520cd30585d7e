"""Row-level security: whoever takes the role `app_user` sees rows of one user alone."""

from db.migrations import run_sql_beside

revision = "0045_own_rows"
down_revision = "0044_session_clients"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
