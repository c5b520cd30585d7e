"""Partners, rules by which people earn rewards, what they have earned, and the ledger of that."""

from db.migrations import run_sql_beside

revision = "0064_rewards"
down_revision = "0063_check_ins"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
