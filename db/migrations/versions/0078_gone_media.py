"""What is gone to whoever uploaded it, though evidence keeps it."""

from db.migrations import run_sql_beside

revision = "0078_gone_media"
down_revision = "0077_file_names"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
