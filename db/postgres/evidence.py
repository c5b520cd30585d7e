"""Evidence of reports: what was so then, taken in the transaction of the report and stored sealed.

Only those who look at a case open it (`db/postgres/cases.py`), and each look is on the audit log. It is
forgotten some time after the case was decided.
"""

from typing import Any

import msgspec

from core.clock import to_datetime
from core.seals import Sealed, Seals
from db.postgres.media import free_within
from db.postgres.pool import Connection, Pool, queries

_SQL = queries("evidence")
LATEST_MESSAGES = 50


async def take_within(
    connection: Connection,
    seals: Seals,
    *,
    report_id: str,
    pair: tuple[str, str],
    call_id: str | None,
    content: Any,
    at: int,
) -> Sealed:
    """What there is at this time about the second of the `pair`, whom the first reports; sealed.

    `content` is what is reported, `call_id` the call, if it is one.
    """
    text: str = await connection.fetchval(
        _SQL["take"], *pair, call_id, content, to_datetime(at), LATEST_MESSAGES
    )
    return seals.seal(text.encode(), report_id)


def opened(seals: Seals, report_id: str, key_id: str | None, box: bytes | None) -> dict[str, Any] | None:
    """What was sealed; None when it was forgotten, or its key is gone."""
    content = box and key_id and seals.open(Sealed(key_id, box), report_id)
    return msgspec.json.decode(content, type=dict[str, Any]) if content else None


class EvidenceStore:
    """Evidence that has become too old."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def forget(self, before: int, *, limit: int) -> int:
        """Drop that of up to `limit` reports whose case was decided before a time in ms, and no appeal waits.

        What was uploaded with them expires by that. Gives how many those were.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_SQL["forget"], to_datetime(before), limit)
            media = [row["evidence_media_id"] for row in rows if row["evidence_media_id"] is not None]
            await free_within(connection, media, before)
            messages = [row["message_id"] for row in rows if row["message_id"] is not None]
            if messages:
                await connection.execute(_SQL["release"], messages, to_datetime(before))
        return len(rows)
