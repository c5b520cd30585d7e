"""Calls on record in Postgres, from the offer to the outcome, with the votes that lead to it.

The offer is the fence: a user is in one active call. It locks both users first (`user_locks.py`). Everything
may be repeated: what came first stays. Ids are text, times ms since the epoch. What an outage raises
(`db.outage`) passes through.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Literal

import asyncpg
import msgspec
from msgspec import Struct

from core.clock import rfc3339, to_datetime, to_ms, today
from core.contract.profiles import ProfileCard
from core.errors import NotFound
from core.happenings import FirstCall
from core.ticket import MatchDecision
from core.vocabulary import EndReason, LeftReason, Mode, Origin, Outcome
from db.postgres.array_texts import of_texts, of_words
from db.postgres.cards import NO_PHOTOS, Cards
from db.postgres.eligibility import oldest
from db.postgres.grouped_statement import GroupedStatement
from db.postgres.matches import packed
from db.postgres.pool import Connection, Pool, Record, queries
from db.postgres.rewards import GrantEach, grant_nothing, waiting
from db.postgres.timelines import KeptTimeline
from matching.rematch import Since
from signaling.call import Call, Party, State
from signaling.echo import echo_party
from signaling.verdicts import Verdict

_SQL = queries("call_records")
OPEN_CALLS, OPEN_CALLS_OF = (
    _SQL[name].replace(":to_decide", _SQL["to_decide"]) for name in ("open_calls", "open_calls_of")
)
_LIVE = _SQL["live"].replace(":first_call", waiting("first_call"))
_ASKED_AT_ONCE = 20  # lists, which may be long
_OFFERED_AT_ONCE = 16  # all of their users are locked until all are made
EVERY_S = 0.01  # people take seconds; bench/commands gives the Node.js server the same
_Offered = tuple[Any, ...]  # what the statement `offer` takes, behind its $1
_ALWAYS = (None, None, None)  # two who have met may meet again

RefusalReason = Literal[
    "double_match", "in_call", "banned", "gone", "trust", "blocked", "met", "probe", "over"
]


class Refusal(Struct, frozen=True):
    """Why an offer was not made.

    `at_fault` are users who are busy, banned or gone, or whose trust has changed since they queued, each with
    the reason for which they leave the queue. Empty: a block, they have met meanwhile, or the call is over.
    It is decided here because a busy user may be free when somebody looks again later. `double_match`:
    somebody is in another matched call, which Redis should have prevented.
    """

    at_fault: Mapping[str, LeftReason]
    reason: RefusalReason


class Admitted(Struct, frozen=True):
    """An offer was made. `relay_only`: those who wish so by now, as they may not have in the queue."""

    relay_only: frozenset[str] = frozenset()


class EndedCall(Struct, frozen=True, kw_only=True):
    """A call that is over, as one of the two sees it. Times in ms; nobody answered: `started_at` is None."""

    call_id: str
    origin: Origin
    outgoing: bool
    mode: Mode
    peer: ProfileCard
    started_at: int | None
    ended_at: int
    duration_s: int
    reason: EndReason
    outcome: Outcome | Literal["none"]
    verdict: Verdict | None = None


class CallRecords:
    """Calls, their participants and their votes. Offers gather for `offers_every_s`."""

    def __init__(
        self,
        pool: Pool,
        cards: Cards = NO_PHOTOS,
        grant: GrantEach = grant_nothing,
        *,
        offers_every_s: float = EVERY_S,
    ) -> None:
        self._pool, self._cards, self._grant = pool, cards, grant
        self._asking = GroupedStatement(self._in_call, most=_ASKED_AT_ONCE)
        self._offering = GroupedStatement(self._offer, most=_OFFERED_AT_ONCE, every_s=offers_every_s)
        self._starting = GroupedStatement(self._started, every_s=EVERY_S)

    # A call, step by step

    async def offer(
        self,
        call_id: str,
        *,
        origin: Origin,
        mode: Mode,
        region: str,
        users: tuple[str, ...],
        now: int,
        suspects: Collection[str] = (),
        decision: MatchDecision | None = None,
        since: Since | None = None,
    ) -> Refusal | Admitted:
        """The fence: both users enter this call, or neither does and the refusal says why.

        An echo call has one.

        `suspects` are those of the two who queued as suspects. If only one of the two is a suspect now, one
        of them has changed since. One is not offered to whom one met `since` then; None: always.

        The decision of matching, if any, is stored with the call: neither exists without the other.
        """
        decided_at, body = (rfc3339(decision.decided_at), packed(decision)) if decision else (None, None)
        met: tuple[str | None, ...] = _ALWAYS
        if since is not None and since.counts:
            met = oldest(since), rfc3339(since.met), rfc3339(since.unanswered)
        one, other = users if len(users) > 1 else (*users, None)
        how = (call_id, origin, mode, region, rfc3339(now), decided_at)
        found = await self._offering.ask((one, other, *how, *met, body))
        if found["over"] is not None:
            return Refusal({}, "over") if found["over"] else _admitted(found)
        by_now = set(found["suspects"] or ())
        apart = origin == "match" and len(by_now) == 1
        moved = (by_now ^ set(suspects) or by_now) if apart else set()
        return _refusal(found, fallen=moved & by_now, risen=moved - by_now) or _admitted(found)

    async def _offer(self, asked: Sequence[_Offered]) -> list[Record]:
        """In one trip, which is a transaction: no statement sees what others do while it waits for locks."""
        columns = offer_columns(asked)
        async with self._pool.acquire() as connection:
            rows = await connection.fetchmany(_SQL["offer"], [_locking(columns), (True, *columns)])
        return list(rows[1:])

    async def started(self, call_id: str, now: int) -> Sequence[str]:
        """Both have accepted. Gives the direct calls that ring one of them."""
        return await self._starting.ask((call_id, rfc3339(now)))

    async def _started(self, asked: Sequence[tuple[str, str]]) -> list[Sequence[str]]:
        rows = await self._pool.fetch(_SQL["started"], *map(of_words, zip(*asked, strict=True)))
        return [[row["ring"] for row in rows if row["call_id"] == call_id] for call_id, _ in asked]

    async def live(self, call_id: str, now: int) -> None:
        """Media flows. What a first call earns is granted with it: one statement more where a rule waits."""
        if not await self._pool.fetchval(_LIVE, call_id, to_datetime(now)):
            return
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_SQL["live_as_well"], call_id, to_datetime(now))
            await self._grant(connection, {row["user_id"]: [FirstCall()] for row in rows}, now)

    async def ended(
        self,
        call_id: str,
        *,
        reason: EndReason,
        by: str | None,
        duration_s: int,
        now: int,
        decision_deadline: int | None,
        at_fault: Collection[str] = (),
        started: bool = True,
        timeline: KeptTimeline | None = None,
    ) -> None:
        """The call is over and both are free. The first end on record stays, and whose fault it was.

        Unless it `started`, that it has is taken back. The `timeline` is kept for a while.
        """
        deadline = None if decision_deadline is None else to_datetime(decision_deadline)
        at, users = to_datetime(now), list(at_fault)
        how = (timeline.events, msgspec.to_builtins(timeline.verdicts)) if timeline else (None, None)
        said = (call_id, at, reason, by, duration_s, deadline, users, started, *how)
        await self._pool.execute(_SQL["ended"], *said)

    async def voted(
        self, call_id: str, user_id: str, connect: bool, feedback: dict[str, Any] | None, now: int
    ) -> None:
        """A vote; the first of each user stays. Raises `NotFound` for a user who was not in the call."""
        try:
            await self._pool.execute(_SQL["voted"], call_id, user_id, connect, feedback, to_datetime(now))
        except asyncpg.ForeignKeyViolationError as error:
            raise _stranger(error) from error

    async def closed(self, call_id: str, outcome: Outcome, now: int) -> None:
        """The decision is over; the first outcome stays."""
        async with self._pool.acquire() as connection:
            await close_within(connection, call_id, outcome, now)

    # Questions about a user's calls

    async def active_call(self, user_id: str) -> str | None:
        """The call that the user is in, an offer included."""
        found: str | None = await self._pool.fetchval(_SQL["active_call"], user_id)
        return found

    async def in_call(self, user_ids: Collection[str]) -> frozenset[str]:
        """Those who are in a call, an offer included."""
        return await self._asking.ask(user_ids)

    async def _in_call(self, asked: Sequence[Collection[str]]) -> list[frozenset[str]]:
        rows = await self._pool.fetch(_SQL["in_call"], list(set(chain.from_iterable(asked))))
        found = frozenset(row["user_id"] for row in rows)
        return [found.intersection(some) for some in asked]

    async def open_calls(self, user_id: str) -> list[str]:
        """Calls that the user is in, that ring them, or that ended and are still to be decided."""
        return [row["call_id"] for row in await self._pool.fetch(OPEN_CALLS, user_id)]

    async def open_calls_of(self, user_ids: Collection[str]) -> list[str]:
        """The same of any of these users."""
        rows = await self._pool.fetch(OPEN_CALLS_OF, list(user_ids))
        return [row["call_id"] for row in rows]

    async def on_record(self, call_id: str, now: int) -> Call | None:
        """A call as far as it is on record; None when it is over and nothing is left to decide."""
        rows = await self._pool.fetch(_SQL["on_record"], call_id)
        if not rows or len(rows) < (1 if rows[0]["origin"] == "echo" else 2):
            return None
        return _recorded(rows, self._cards, now)

    async def was_in(self, call_id: str, user_id: str) -> bool:
        """Whether the user took part in this call."""
        return bool(await self._pool.fetchval(_SQL["was_in"], call_id, user_id))

    async def history(self, user_id: str, *, before: str | None, limit: int, now: int) -> list[EndedCall]:
        """Calls that are over, newest first, older than the call `before`: of offers, those answered."""
        rows = await self._pool.fetch(_SQL["history"], user_id, before, limit, to_datetime(now))
        return [_past_call(row, self._cards.card(row, today(now))) for row in rows]


async def close_within(connection: Connection, call_id: str, outcome: Outcome, now: int) -> None:
    """The decision is over, within a transaction; the first outcome stays."""
    await connection.execute(_SQL["closed"], call_id, outcome, to_datetime(now))


def offer_columns(asked: Iterable[_Offered]) -> tuple[Any, ...]:
    """What `offer` takes of these, place by place."""
    *words, decisions = zip(*asked, strict=True)
    return *map(of_texts, words), list(decisions)


def _locking(columns: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same for the first time, which only locks their users: nothing else is read, nor has to be sent."""
    ones, others, *_ = columns
    return False, ones, others, *["{}"] * (len(columns) - 3), []


def _recorded(rows: Sequence[Record], cards: Cards, now: int) -> Call:
    """The call as far as the record goes: without devices, and with an upper bound of the talk."""
    first = rows[0]
    rang = first["origin"] == "direct" and first["started_at"] is None
    state = State.OFFERED if rang else State.RECONNECTING
    live, ended = (first[name] and to_ms(first[name]) for name in ("live_at", "ended_at"))
    return Call(
        id=first["id"],
        origin=first["origin"],
        mode=first["mode"],
        region=first["region"],
        parties=(_party(first, cards, now), _other(rows, cards, now)),
        offered_at=to_ms(first["offered_at"]),
        deadline=first["decision_deadline"] and to_ms(first["decision_deadline"]),
        state=State.DECIDING if ended else state,
        live_at=live,
        talked_ms=max(0, (ended or now) - live) if live else 0,
        ended_at=ended,
        ended_by=first["ended_by"],
        reason=first["end_reason"],
        reach="none" if rang and first["rings"] is None else "rings",
        probe=first["probe"],
    )


def _other(rows: Sequence[Record], cards: Cards, now: int) -> Party:
    return echo_party(rows[0]["id"]) if len(rows) == 1 else _party(rows[1], cards, now)


def _party(row: Record, cards: Cards, now: int) -> Party:
    return Party(card=cards.stored(row, today(now)), vote=row["vote"])


def _refusal(found: Record, *, fallen: Collection[str], risen: Collection[str]) -> Refusal | None:
    """Why an offer is refused; the most serious reason if there are several."""
    busy: RefusalReason = "double_match" if found["matched"] else "in_call"
    faults: tuple[tuple[RefusalReason, LeftReason, Collection[str]], ...] = (
        (busy, "matched", found["busy"]),
        ("banned", "moderated", found["banned"]),
        ("gone", "moderated", found["gone"]),
        ("trust", "moderated", fallen),
        ("trust", "left", risen),  # not their wish, but above all not their fault
    )
    between: tuple[RefusalReason, ...] = ("blocked", "met", "probe")
    reasons = [why for why, _, users in faults if users] + [why for why in between if found[why]]
    at_fault = {user_id: left for _, left, users in reversed(faults) for user_id in users or ()}
    return Refusal(at_fault, reasons[0]) if reasons else None


def _admitted(found: Record) -> Admitted:
    return Admitted(frozenset(found["relay_only"] or ()))


def _stranger(error: asyncpg.ForeignKeyViolationError) -> Exception:
    """The error for a foreign key that does not hold."""
    return NotFound() if str(error.constraint_name).endswith("_was_in_the_call") else error


def _past_call(row: Record, peer: ProfileCard) -> EndedCall:
    return EndedCall(
        call_id=row["id"],
        origin=row["origin"],
        outgoing=row["outgoing"],
        mode=row["mode"],
        peer=peer,
        started_at=row["started_at"] and to_ms(row["started_at"]),
        ended_at=to_ms(row["ended_at"]),
        duration_s=row["duration_s"],
        reason=row["end_reason"],
        outcome=row["outcome"],
        verdict=row["verdict"] and msgspec.convert(row["verdict"], Verdict),
    )
