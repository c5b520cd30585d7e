"""What people upload: the record of each picture, of which the object store has the bytes."""

from db.migrations import run_sql_beside

revision = "0019_media"
down_revision = "0018_second_factor"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
