"""Own-data transactions: PostgreSQL itself shows one user's rows, and no statement can ask for others'.

A store reads and writes what is its user's own by statements that are marked `-- own:` in their file:

    async with own_rows(self._pool, user_id) as own:
        row = await own.fetchrow(_OWN["of"])

The transaction acts as the role `app_user` for this user, who is `$1` of each statement. Statements that are
marked `-- name:` run as the owner, to whom all rows are shown: docs/security.md lists them with the reason.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from types import MappingProxyType
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import Struct

from db.outage import OUTAGES
from db.postgres.pool import Connection, Pool, Record, marked

# The tables with row-level security, each with what makes a row somebody's own: `identity.guard_rows` of a
# migration gives it to PostgreSQL. To all others, app_user has no access.
MINE = "user_id = identity.me()"
TABLES: Mapping[str, str] = MappingProxyType(
    {
        "communication.members": MINE,
        "communication.messages": "one is a member of its room",
        "identity.activity": MINE,
        "identity.consents": MINE,
        "identity.devices": MINE,
        "identity.erasures": MINE,
        "identity.exports": MINE,
        "identity.former_usernames": MINE,
        "identity.logins": MINE,
        "identity.one_time_codes": MINE,
        "identity.profiles": MINE,
        "identity.refresh_tokens": "its session is one's own",
        "identity.sessions": MINE,
        "identity.settings": MINE,
        "identity.totp": MINE,
        "identity.user_values": MINE,
        "places.mentor_notes": MINE,
        "places.mentor_sessions": "one is one of the two",
        "identity.users": "id = identity.me()",
        "places.check_ins": MINE,
        "places.journeys": MINE,
        "places.rewards": MINE,
        "social.contacts": "owner_id = identity.me()",
        "social.media": "owner_id = identity.me()",
        "social.notification_lanes": MINE,
        "social.notification_outbox": "lane = identity.me()",
        "social.notifications": MINE,
    }
)
# The other tables with personal data, by why they are not guarded.
OPEN: Mapping[str, str] = MappingProxyType(
    {
        "their rows are two people's": (
            "interaction.calls interaction.call_participants interaction.decisions"
            " interaction.match_decisions interaction.call_timelines interaction.connections"
            " interaction.video_requests"
            " social.friendships social.friend_requests identity.blocks"
            " communication.invitations social.posts social.post_audience social.comments social.post_likes"
        ),
        "they are shown to all": "places.reviews places.mentors",
        "they are a partner's too": "places.partner_staff places.reward_ledger",
        "moderators and rules keep them about people": (
            "interaction.reports safety.strikes identity.bans safety.appeals safety.cases safety.looks"
            " safety.known_marks safety.suspicions safety.apart identity.audit_log"
        ),
        "the server keeps them for its own work, and no request reads them": (
            "social.findable identity.idempotent_requests identity.expulsions communication.reads"
            " communication.deliveries communication.pushes"
        ),
    }
)
# One trip. `SET LOCAL` ends with the transaction, so a pooler may give the session to somebody else after it.
_BEGIN = "BEGIN; SET LOCAL ROLE app_user; SET LOCAL app.user_id = '{}'"


class OwnStatement(Struct, frozen=True):
    """A statement for own-data transactions. `$1` is the user, and is given by the transaction."""

    text: str


def own_queries(file: str) -> Mapping[str, OwnStatement]:
    """The statements of `db/postgres/<file>.sql` that are marked `-- own:`, or `-- both:`.

    Those that run as the owner too are other statements to PostgreSQL: a plan is for one role, and would be
    made anew whenever the other one comes.
    """
    found = {name: OwnStatement(f"/* own */ {text}") for name, text in marked(file, "own", "both").items()}
    return MappingProxyType(found)


class OwnRows:
    """A transaction in which there is nothing but what is one user's own."""

    __slots__ = ("_connection", "_user_id")

    def __init__(self, connection: Connection, user_id: str) -> None:
        self._connection, self._user_id = connection, user_id

    async def fetch(self, statement: OwnStatement, *given: object) -> Sequence[Record]:
        """Its rows."""
        rows: Sequence[Record] = await self._connection.fetch(statement.text, self._user_id, *given)
        return rows

    async def fetchrow(self, statement: OwnStatement, *given: object) -> Record | None:
        """Its first row."""
        return await self._connection.fetchrow(statement.text, self._user_id, *given)

    async def fetchval(self, statement: OwnStatement, *given: object) -> Any:
        """The first value of its first row."""
        return await self._connection.fetchval(statement.text, self._user_id, *given)

    async def as_owner(self) -> Connection:
        """For what is left to do in this transaction and concerns others too: nothing is hidden any more."""
        await self._connection.execute("RESET ROLE")
        return self._connection

    async def execute(self, statement: OwnStatement, *given: object) -> None:
        """Do it."""
        await self._connection.execute(statement.text, self._user_id, *given)


@asynccontextmanager
async def own_rows(pool: Pool, user_id: str) -> AsyncIterator[OwnRows]:
    """A transaction for this user's own data: two trips besides those of its statements."""
    begin = _BEGIN.format(UUID(user_id))  # the text of a UUID, and nothing else
    async with pool.acquire() as connection:
        try:
            await connection.execute(begin)
            yield OwnRows(connection, user_id)
            await connection.execute("COMMIT")
        except BaseException as error:
            await _undo(connection, error)
            raise


async def _undo(connection: Connection, error: BaseException) -> None:
    """Roll back; where nobody waits for an answer any more, or none comes, the connection goes."""
    if isinstance(error, (asyncio.CancelledError, GeneratorExit, *OUTAGES)):
        with suppress(asyncpg.InterfaceError):
            connection.terminate()
        return
    with suppress(asyncpg.InterfaceError, *OUTAGES):
        await connection.execute("ROLLBACK")
