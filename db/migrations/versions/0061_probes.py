"""Synthetic users, who try the whole way and never meet people."""

from db.migrations import run_sql_beside

revision = "0061_probes"
down_revision = "0060_unused_index"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
