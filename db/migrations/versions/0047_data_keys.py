"""Keys by which what is stored of people is encrypted: which there are, and who knows them."""

from db.migrations import run_sql_beside

revision = "0047_data_keys"
down_revision = "0046_direct_calls"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
