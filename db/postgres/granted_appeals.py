"""Appeals against strikes that are lifted: they are granted by that, whoever lifts the strike and why.

An appeal that a moderator decides has its answer before its strike is lifted (`appeals.py`).
"""

from collections.abc import Collection

from core.clock import to_datetime
from db.postgres import audit
from db.postgres.pool import Connection, queries

_SQL = queries("granted_appeals")


async def grant_within(connection: Connection, strikes: Collection[str], by: str | None, now: int) -> None:
    """Grant the appeals against these strikes that wait, within the transaction that lifts them.

    Each has its entry on the audit log. `by` None: the operator.
    """
    for row in await connection.fetch(_SQL["grant"], list(strikes), by, to_datetime(now)):
        details = {"appeal": row["id"], "strike": row["strike_id"], "state": "granted"}
        await audit.note(connection, "appeal_decided", row["user_id"], details, by=by, now=now)
