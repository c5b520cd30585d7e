"""A suspicion that arises in a call parts the two."""

from db.migrations import run_sql_beside

revision = "0027_parted_in_a_call"
down_revision = "0026_granted_appeals"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
