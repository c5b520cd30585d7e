"""Appeals in Postgres. An appeal and the lifting of its strike wait for each other.

Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

import asyncpg
from msgspec import Struct

from core.clock import rfc3339, to_datetime, to_ms
from core.contract.appeals import Appeal, AppealDecision, AppealedStrike
from core.contract.standing import AppealView
from core.errors import AlreadyDecided, Conflict, Gone, NotFound
from core.fields import APPEAL, APPEAL_NOTE, CLEAR, Fields
from core.ids import new_id
from core.notices import appeal_decided
from core.vocabulary import AppealState
from db.postgres import audit
from db.postgres.idempotency import IdempotencyKey, claim, keep
from db.postgres.notifications import Notify
from db.postgres.pool import Pool, Record, queries
from db.postgres.strikes import lift_strike_within
from db.postgres.user_locks import lock_users

_SQL = queries("appeals")
_FIRST = (0, "00000000-0000-0000-0000-000000000000")


class AppealFacts(Struct, frozen=True):
    """Who may decide an appeal depends on who appeals, who struck (None: no moderator), whether there are
    others, and whether whoever appeals is staff `above` the one who would decide.
    """

    user_id: str
    struck_by: str | None
    others: bool
    above: bool = False


class KeptAppeal(Struct, frozen=True):
    """An appeal as it is kept for a request that comes again: its `text` is as it is stored.

    A node of the version before keeps no `id`, and text in clear; it reads `state` and `text`.
    """

    text: str
    id: str = ""
    state: AppealState = "open"


class AppealStore:
    """Appeals."""

    def __init__(self, pool: Pool, notify: Notify, fields: Fields = CLEAR) -> None:
        self._pool, self._notify, self._fields = pool, notify, fields

    async def file(
        self, user_id: str, strike_id: str, text: str, key: IdempotencyKey | None, now: int
    ) -> AppealView:
        """Appeal. The same `key` again: the same answer.

        Raises `NotFound` for another's strike, `Gone` for one that was lifted, `Conflict` where there is an
        appeal, `IdempotencyConflict`.
        """
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                if (known := await claim(connection, key, KeptAppeal)) is not None:
                    return AppealView(state="open", text=self._text(known.id, known.text))
                strike = await connection.fetchrow(_SQL["strike"], strike_id, user_id)
                if strike is None:
                    raise NotFound
                if strike["lifted"]:
                    raise Gone("This strike was lifted.")
                appeal_id = new_id(now)
                kept = self._fields.kept(APPEAL, appeal_id, text)
                await connection.execute(_SQL["file"], appeal_id, strike_id, kept, to_datetime(now))
                await keep(connection, key, KeptAppeal(kept, appeal_id))
                return AppealView(state="open", text=text)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != "one_appeal_a_strike":
                raise
            raise Conflict("You have appealed against this strike before.") from None

    async def page(self, after: tuple[int, str] | None, limit: int) -> list[Appeal]:
        """Those to decide, then those decided, each oldest first, after the appeal of this `rank` and id."""
        group, appeal_id = after or _FIRST
        ids = [row["id"] for row in await self._pool.fetch(_SQL["page"], min(group, 1), appeal_id, limit)]
        found = {row["id"]: self._appeal(row) for row in await self._pool.fetch(_SQL["appeals"], ids)}
        return [found[appeal_id] for appeal_id in ids]

    async def facts(self, appeal_id: str, decider: str, now: int) -> AppealFacts:
        """Who appeals and who struck. Raises `NotFound`."""
        row = await self._pool.fetchrow(_SQL["facts"], appeal_id, decider, to_datetime(now))
        if row is None:
            raise NotFound
        return AppealFacts(row["user_id"], row["by"], row["others"], row["above"])

    async def decide(self, appeal_id: str, decision: AppealDecision, by: str, now: int) -> Appeal:
        """Decide it, with an entry on the audit log; granting lifts the strike and its ban. Its user is told.

        Raises `AlreadyDecided`, also where the strike was lifted meanwhile, which grants the appeal; `Gone`
        if somebody lifted it by hand.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await lock_users(connection, [await connection.fetchval(_SQL["whose"], appeal_id)])
            strike = await connection.fetchrow(_SQL["lock"], appeal_id)
            state = "granted" if decision.grant else "refused"
            note = self._fields.kept_if_any(APPEAL_NOTE, appeal_id, decision.note)
            given = (appeal_id, state, by, to_datetime(now), note)
            if await connection.fetchval(_SQL["decide"], *given) is None:
                raise AlreadyDecided("This appeal has been decided.")
            if strike["lifted"]:
                raise Gone("This strike was lifted.")
            if decision.grant:
                await lift_strike_within(connection, strike["id"], by, now)
            decided = self._appeal(await connection.fetchrow(_SQL["appeals"], [appeal_id]))
            details = {"appeal": decided.id, "strike": decided.strike.id, "state": decided.state}
            await audit.note(connection, "appeal_decided", decided.user_id, details, by=by, now=now)
            if (notice := appeal_decided(decided)) is not None:
                await self._notify(connection, notice, now)
        return decided

    def _appeal(self, row: Record) -> Appeal:
        return Appeal(
            id=row["id"],
            user_id=row["user_id"],
            display_name=row["display_name"],
            strike=AppealedStrike(
                id=row["strike_id"],
                action=row["action"],
                reason=row["reason"],
                at=rfc3339(to_ms(row["struck_at"])),
                until=row["until"] and rfc3339(to_ms(row["until"])),
                by=row["by"],
                case_id=row["case_id"],
            ),
            text=self._text(row["id"], row["text"]),
            at=rfc3339(to_ms(row["at"])),
            state=row["state"],
            decided_by=row["decided_by"],
            decided_at=row["decided_at"] and rfc3339(to_ms(row["decided_at"])),
            note=self._fields.read(APPEAL_NOTE, row["id"], row["note"]),
        )

    def _text(self, appeal_id: str, stored: str) -> str:
        return self._fields.read(APPEAL, appeal_id, stored) or ""


def rank(appeal: Appeal) -> int:
    """Its part of the list."""
    return 0 if appeal.state == "open" else 1
