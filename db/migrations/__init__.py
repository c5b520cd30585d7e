"""Migrations: numbered pairs in `versions/`, a plain `.sql` file and the few lines that Alembic wants of it.

Forward only: what is released is never edited, the next number mends it. The revision is the file's name.
"""

from pathlib import Path

from alembic import op


def run_sql_beside(script: str) -> None:
    """Run all statements of the `.sql` file beside this migration script, in its transaction."""
    sql = Path(script).with_suffix(".sql").read_text()
    # The driver's own connection: SQLAlchemy would prepare the text, and a prepared statement is only one.
    driver = op.get_bind().connection.dbapi_connection
    assert driver is not None
    driver.run_async(lambda connection: connection.execute(sql))
