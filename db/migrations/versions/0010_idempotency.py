"""One kind of idempotency key for all requests, with its answer."""

from db.migrations import run_sql_beside

revision = "0010_idempotency"
down_revision = "0009_leftovers"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
