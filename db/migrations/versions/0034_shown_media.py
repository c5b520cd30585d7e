"""Media that others see: in sizes, with a blurred likeness, in profiles and on cards."""

from db.migrations import run_sql_beside

revision = "0034_shown_media"
down_revision = "0033_logins"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    run_sql_beside(__file__)
