"""Cases in Postgres: what moderators have to decide, and what they decided.

The database gathers reports in them (`safety.gather`). Whatever changes a case locks its user first, as
reports do, and then the case. A decision is one transaction with its strike, its ban, what it does to the
reports, and the audit log. It is about the reports that its moderator has looked at; others open the next
case. Ids are text, times ms since the epoch.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from core.clock import DAY_MS, to_datetime, to_ms
from core.errors import AlreadyDecided, Conflict, NotFound
from core.fields import CASE_NOTE, CLEAR, REPORT_NOTE, Field, Fields
from core.ids import new_id
from core.notices import warned, warning_taken_back
from core.seals import Seals
from core.vocabulary import AppealState, CaseAction, StrikeAction
from db.postgres import audit
from db.postgres.accusations import Suspending, suspend_within
from db.postgres.evidence import opened
from db.postgres.notifications import Notify
from db.postgres.pool import Connection, Pool, Record, queries
from db.postgres.strikes import NewStrike, Struck, lift_strike_within, strike_within
from db.postgres.user_locks import lock_users

_PARTS = queries("cases")


def _whole(text: str) -> str:
    for part in ("row", "theirs", "page"):
        text = text.replace(f":{part}", _PARTS[part])
    return text


_SQL = {name: _whole(text) for name, text in _PARTS.items()}
_FIRST = (2**31 - 1, "00000000-0000-0000-0000-000000000000")


class Verdict(Struct, frozen=True, kw_only=True):
    """What somebody decides. `days` None: as the ladder says, where it is a suspension."""

    action: CaseAction
    days: int | None = None
    note: str | None = None


class Strike(Struct, frozen=True, kw_only=True):
    """What was decided against somebody. `appeal` None: there is none."""

    id: str
    action: StrikeAction
    reason: str
    at: int
    until: int | None
    by: str | None
    case_id: str | None
    lifted_at: int | None
    appeal: AppealState | None

    @property
    def counts(self) -> bool:
        """Whether somebody has decided it and nobody has lifted it: a step of the ladder.

        What the system does by itself in a case holds until the case is decided, and is none.
        """
        return self.lifted_at is None and (self.by is not None or self.case_id is None)


# How many days a suspension of somebody with these strikes lasts, for this reason; None: until it is lifted.
Days = Callable[[Sequence[Strike], str], int | None]


class Dossier(Struct, frozen=True, kw_only=True):
    """A case, its reports with the evidence opened, its user's strikes and the bans that hold."""

    case: Mapping[str, Any]
    reports: Sequence[Mapping[str, Any]]
    evidence: Mapping[str, dict[str, Any] | None]
    strikes: Sequence[Strike]
    penalties: Sequence[Mapping[str, Any]]


class CaseStore:
    """Cases."""

    def __init__(
        self, pool: Pool, seals: Seals, suspending: Suspending, notify: Notify, fields: Fields = CLEAR
    ) -> None:
        self._pool, self._seals, self._suspending = pool, seals, suspending
        self._notify, self._fields = notify, fields

    async def queue(
        self,
        by: str,
        *,
        state: str | None,
        reason: str | None,
        after: tuple[int, str] | None,
        limit: int,
        now: int,
    ) -> list[dict[str, Any]]:
        """Cases that this moderator may see, after one of this severity and id; no state: to be decided."""
        query = _SQL["decided" if state == "decided" else "queue"]
        given = (by, reason, *(after or _FIRST), limit, to_datetime(now), state)
        return [self._opened(CASE_NOTE, row) for row in await self._pool.fetch(query, *given)]

    async def look(self, case_id: str, by: str, now: int) -> Dossier:
        """All of a case, which is noted on the audit log and for the decision. Raises `NotFound`."""
        async with self._pool.acquire() as connection, connection.transaction():
            case = await connection.fetchrow(_SQL["case"], by, case_id)
            if case is None:
                raise NotFound
            reports = await connection.fetch(_SQL["reports"], case_id)
            seen = [row["id"] for row in reports]
            await connection.execute(_SQL["look"], case_id, by, seen)
            await _note(connection, "case_looked_at", case_id, case["user_id"], by, now, reports=seen)
            penalties = await connection.fetch(_SQL["penalties"], case["user_id"], to_datetime(now))
            strikes = await _strikes(connection, case["user_id"])
        evidence = {
            row["id"]: opened(self._seals, row["id"], row["evidence_key_id"], row["evidence"])
            for row in reports
        }
        return Dossier(
            case=self._opened(CASE_NOTE, case),
            reports=[self._opened(REPORT_NOTE, row) for row in reports],
            evidence=evidence,
            strikes=strikes,
            penalties=penalties,
        )

    async def claim(self, case_id: str, by: str, now: int, until: int) -> None:
        """Leave the case to this moderator until then. Raises `NotFound`, `Conflict`, `AlreadyDecided`."""
        async with self._pool.acquire() as connection, connection.transaction():
            case = await self._undecided(connection, case_id, by, now)
            await connection.execute(_SQL["claim"], case_id, by, to_datetime(until))
            await _note(connection, "case_claimed", case_id, case["user_id"], by, now, until=until)

    async def decide(self, case_id: str, by: str, verdict: Verdict, now: int, *, days: Days) -> str:
        """Decide the case. Gives the id of its user, who is told of a warning. Raises as `claim` does.

        What the system did by itself ends. Reports that came after the moderator's last look are parted from
        the case: they are the next one, in which the system may suspend anew.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            case = await self._undecided(connection, case_id, by, now)
            user_id: str = case["user_id"]
            unseen = [row["id"] for row in await connection.fetch(_SQL["unseen"], case_id, by)]
            status = "dismissed" if verdict.action == "dismiss" else "actioned"
            reason = (await connection.fetchrow(_SQL["case"], by, case_id))["reason"]
            lasts = await self._lasts(connection, user_id, verdict, reason, days)
            note = self._fields.kept_if_any(CASE_NOTE, case_id, verdict.note)
            decided = by, to_datetime(now), verdict.action, lasts, note
            # Decided first: a user has one undecided case at most.
            await connection.execute(_SQL["decide"], case_id, *decided, status)
            if unseen:
                await connection.execute(_SQL["part"], new_id(now), user_id, unseen)
            await _lift(connection, case_id, by, now, automatic=True)
            struck = await _strike(connection, case_id, user_id, by, verdict, reason, lasts, now)
            details = {
                "decision": verdict.action,
                "days": lasts,
                "strike": struck and struck.strike_id,
                "ban": struck and struck.ban_id,
                "left": unseen,
            }
            await _note(connection, "case_decided", case_id, user_id, by, now, **details)
            await suspend_within(connection, user_id, self._suspending, now)
            if struck and verdict.action == "warn":
                await self._notify(connection, warned(user_id, struck.strike_id), now)
        return user_id

    async def undo(self, case_id: str, by: str, now: int) -> str:
        """Undo the decision: its strike and ban are lifted, and the case waits for another.

        Gives its user, who is told of warnings that are lifted. Raises `NotFound`, and `Conflict` where
        nothing is decided.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            case = await self._locked(connection, case_id, by)
            if case["state"] != "decided":
                raise Conflict("This case is not decided.")
            user_id: str = case["user_id"]
            lifted = await _lift(connection, case_id, by, now, automatic=False)
            strikes = [strike["id"] for strike in lifted]
            waiting = await connection.fetchval(_SQL["undecided"], user_id)
            undone = case_id, by, to_datetime(now)
            if waiting is None:
                await connection.execute(_SQL["reopen"], *undone)
            else:
                await connection.execute(_SQL["merge"], *undone, waiting)
            await _note(connection, "case_undone", case_id, user_id, by, now, lifted=strikes)
            for strike in lifted:
                if strike["action"] == "warn":
                    await self._notify(connection, warning_taken_back(user_id, strike["id"]), now)
        return user_id

    def _opened(self, note: Field, row: Record) -> dict[str, Any]:
        return {**row, note.column: self._fields.read(note, row["id"], row[note.column])}

    async def _locked(self, connection: Connection, case_id: str, by: str) -> Record:
        """The case as it is, with its user locked. Raises `NotFound`."""
        user_id = await connection.fetchval(_SQL["about"], by, case_id)
        if user_id is None:
            raise NotFound
        await lock_users(connection, (user_id,))
        return await connection.fetchrow(_SQL["locked"], case_id)

    async def _undecided(self, connection: Connection, case_id: str, by: str, now: int) -> Record:
        """The same of one that this moderator may decide now. Raises `AlreadyDecided`, `Conflict` too."""
        case = await self._locked(connection, case_id, by)
        if case["state"] == "decided":
            raise AlreadyDecided
        held = case["state"] == "claimed" and case["claimed_until"] > to_datetime(now)
        if held and case["claimed_by"] != by:
            raise Conflict("Another moderator has claimed this case.")
        return case

    async def _lasts(
        self, connection: Connection, user_id: str, verdict: Verdict, reason: str, days: Days
    ) -> int | None:
        if verdict.action != "suspend" or verdict.days is not None:
            return verdict.days
        return days([strike for strike in await _strikes(connection, user_id) if strike.counts], reason)


async def _strike(
    connection: Connection,
    case_id: str,
    user_id: str,
    by: str,
    verdict: Verdict,
    reason: str,
    days: int | None,
    now: int,
) -> Struck | None:
    if verdict.action == "dismiss":
        return None
    until = None if days is None else now + days * DAY_MS
    strike = NewStrike(
        user_id=user_id, action=verdict.action, reason=reason, case_id=case_id, until=until, by=by
    )
    return await strike_within(connection, strike, now)


async def _lift(connection: Connection, case_id: str, by: str, now: int, *, automatic: bool) -> list[Record]:
    """Lift the strikes of a case that stand, with their bans: the system's own, or what was decided.

    Gives them.
    """
    strikes: list[Record] = await connection.fetch(_SQL["standing"], case_id, automatic)
    for strike in strikes:
        await lift_strike_within(connection, strike["id"], by, now)
    return strikes


async def _strikes(connection: Connection, user_id: str) -> list[Strike]:
    return [_strike_of(row) for row in await connection.fetch(_SQL["strikes"], user_id)]


def _strike_of(row: Record) -> Strike:
    return Strike(
        id=row["id"],
        action=row["action"],
        reason=row["reason"],
        at=to_ms(row["at"]),
        until=None if row["until"] is None else to_ms(row["until"]),
        by=row["by"],
        case_id=row["case_id"],
        lifted_at=None if row["lifted_at"] is None else to_ms(row["lifted_at"]),
        appeal=row["appeal"],
    )


async def _note(
    connection: Connection, action: str, case_id: str, user_id: str, by: str, now: int, **details: Any
) -> None:
    await audit.note(connection, action, user_id, {"case": case_id, **details}, by=by, now=now)
