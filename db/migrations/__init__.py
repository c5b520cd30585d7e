"""Migrations: numbered pairs in `versions/` of a plain `.sql` file and the few lines that Alembic needs.

Forward only: a released migration is never edited; a new one corrects it. The revision is the file's name.
"""

from pathlib import Path


def run_sql_beside(script: str) -> None:
    """Run all statements of the `.sql` file beside this migration script, in its transaction."""
    from alembic import op  # noqa: PLC0415  # a start that has nothing to migrate does not pay for it

    sql = Path(script).with_suffix(".sql").read_text()
    # On the driver's own connection: SQLAlchemy would prepare the text, which allows one statement only.
    driver = op.get_bind().connection.dbapi_connection
    assert driver is not None
    driver.run_async(lambda connection: connection.execute(sql))
