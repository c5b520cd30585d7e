"""Check-ins in Postgres: each is on record with what it came to, and all of that in one transaction.

The user is locked first, so that one check-in of theirs is judged after the other; then the place, and what
is earned, and last what they are told. Ids are text, times ms since the epoch, days dates.
What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import UNSET, Struct, convert
from msgspec.structs import astuple

from core import check_ins as rules
from core.check_ins import Attempt, Before, Spot
from core.clock import DAY_MS, rfc3339, to_datetime, to_ms, today
from core.contract.check_ins import CheckedIn, CheckInView, VisitView
from core.contract.journey import JourneyView
from core.contract.rewards import RewardView
from core.errors import NotFound
from core.geography import Position
from core.happenings import CheckedIn as NthCheckIn
from core.happenings import Happening, LevelIs, MilestoneReached, StreakIs
from core.ids import made_at, new_id
from core.journey import Counted, Journey, goes_on, step
from core.notices import check_in_flagged, milestones_reached, streak_grown
from core.reward_rules import KINDS, Due, Rule, due
from core.vocabulary import CheckInProof, CheckInReason, LocationType, Mood
from db.postgres import audit
from db.postgres import check_in_statements as statements
from db.postgres.idempotency import IdempotencyKey, answered, claimed_by, keep, kept, kept_by
from db.postgres.journeys import Beside, Held, held_in, hold, refolded, state_of
from db.postgres.notifications import Notify
from db.postgres.own_rows import own_queries, own_rows
from db.postgres.pool import Connection, Pool, Record, queries
from db.postgres.rewards import Grant

_SQL, _OWN = queries("check_ins"), own_queries("check_ins")
_KINDS = sorted(KINDS[each] for each in (NthCheckIn, StreakIs, LevelIs, MilestoneReached))
# By which a local day may differ from the UTC day on which a check-in was stored.
_DAYS_APART = timedelta(days=3)

Key = tuple[date, int, str]
Moment = tuple[int, str]


async def grants_nothing(
    connection: Connection,
    user_id: str,
    happened: Sequence[Happening],
    now: int,
    owed: Sequence[Due] | None = None,
) -> list[RewardView]:
    """Where there is nothing to earn."""
    del connection, user_id, happened, now, owed
    return []


class Place(Struct, frozen=True, kw_only=True):
    """A place as somebody checks in there: its clock, and the one that they have chosen; None: not known."""

    id: str
    type: LocationType
    spot: Spot
    code_version: int
    zone: str | None
    time_zone: str | None


class Visit(Struct, frozen=True, kw_only=True):
    """A check-in that is to be judged and kept."""

    user_id: str
    place: Place
    at: int
    day: date
    zone: str
    verified_by: CheckInProof | None
    mood: Mood | None
    note: str | None


class Span(Struct, frozen=True, kw_only=True):
    """From one day or time to another, both included; None: without an end."""

    from_day: date | None = None
    to_day: date | None = None
    since: datetime | None = None
    until: datetime | None = None


# Somebody comes to a place: what that is, by its clock and theirs.
Come = Callable[[Place], Visit]
# A journey in words, by the clock of this zone.
Say = Callable[[Journey, Beside, str], JourneyView]


class _Judged(Struct, frozen=True, kw_only=True):
    """What a check-in comes to, before it is on record. `late`: its journey has to be folded anew."""

    id: str
    visit: Visit
    reason: CheckInReason | None
    held: Held
    journey: Journey
    late: bool
    happened: Sequence[Happening]
    owed: Sequence[Due]


class CheckInStore:
    """Check-ins."""

    def __init__(self, pool: Pool, notify: Notify, *, most_a_day: int, grant: Grant = grants_nothing) -> None:
        self._pool, self._notify, self._grant, self._most_a_day = pool, notify, grant, most_a_day

    async def known(self, key: IdempotencyKey) -> CheckedIn | None:
        """What this request was answered before. Raises `IdempotencyConflict`."""
        return await kept(self._pool, key, CheckedIn)

    async def check_in(
        self, user_id: str, location_id: str, come: Come, say: Say, key: IdempotencyKey | None, now: int
    ) -> CheckedIn:
        """Judge and keep it. `come` says what it is, and `say` puts the journey into words.

        Raises `NotFound` for a place that is not shown, and where the account is gone; `IdempotencyConflict`.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await _begun(connection, user_id, location_id, key)
            if key is not None and (known := answered(row, key, CheckedIn)) is not None:
                return known
            if row["id"] is None or row["locked"] is None:
                raise NotFound
            judged = await self._judged(connection, come(_place(row)), now)
            if judged.late or judged.owed:  # what comes first decides what is answered
                return await self._followed(connection, judged, say, key, now)
            done = _done(judged, judged.journey, (), say, now)
            await _write(connection, judged, now, key=key, done=done)
            if judged.reason is None:
                await self._grant(connection, user_id, judged.happened, now, judged.owed)
                await self._tell(connection, judged, judged.journey, now)
            return done

    async def page(self, user_id: str, span: Span, *, before: Key | None, limit: int) -> list[CheckInView]:
        """One's own of this span, the latest first: before this one."""
        day, at, last = before or (None, None, None)
        since = None if at is None else to_datetime(at)
        async with own_rows(self._pool, user_id) as own:
            rows = await own.fetch(_OWN["page"], *astuple(span), day, since, last, limit)
        return [_view(row) for row in rows]

    async def code_version(self, location_id: str) -> int:
        """Of the codes that this place shows. Raises `NotFound`."""
        version: int | None = await self._pool.fetchval(_SQL["code_version"], location_id)
        if version is None:
            raise NotFound
        return version

    async def zone(self, location_id: str) -> str | None:
        """Of the clock of this place; None: not known. Raises `NotFound`."""
        if (row := await self._pool.fetchrow(_SQL["zone"], location_id)) is None:
            raise NotFound
        zone: str | None = row["zone"]
        return zone

    async def visits(
        self, location_id: str, day: date, since: int, *, before: Moment | None, limit: int
    ) -> list[VisitView]:
        """What counts at this place since then, when its day began, the latest first: before this one."""
        at, last = before or (None, None)
        days = day - _DAYS_APART, day + _DAYS_APART
        given = to_datetime(since), None if at is None else to_datetime(at), last
        rows = await self._pool.fetch(_SQL["visits"], location_id, *days, *given, limit)
        return [
            VisitView(id=row["id"], at=rfc3339(to_ms(row["at"])), verified_by=row["verified_by"])
            for row in rows
        ]

    async def is_admin(self, user_id: str) -> bool:
        """Whether they are one now."""
        found: bool = await self._pool.fetchval(_SQL["is_admin"], user_id)
        return found

    async def whose(self, check_in_id: str) -> tuple[str, str]:
        """Whose it is, and at which place. Raises `NotFound`."""
        row = await self._pool.fetchrow(_SQL["whose"], check_in_id, *_days(check_in_id))
        if row is None:
            raise NotFound
        return row["user_id"], row["location_id"]

    async def flag(self, check_in_id: str, user_id: str, by: str, reason: str, now: int) -> None:
        """It was not so: it counts no more, and they are told. Again has no effect."""
        async with self._pool.acquire() as connection, connection.transaction():
            held = await hold(connection, user_id)
            given = check_in_id, *_days(check_in_id), to_datetime(now), user_id, by, reason
            row = None if held is None else await connection.fetchrow(_SQL["flag"], *given)
            if held is None or row is None:
                return
            await connection.execute(_SQL["visited_no_more"], user_id, row["location_id"])
            if row["counts"]:
                await refolded(connection, held, now)
            details = {"check_in": check_in_id, "location": row["location_id"]}
            await audit.note(connection, "check_in_flagged", user_id, details, by=by, now=now)
            await self._notify(connection, check_in_flagged(user_id, check_in_id), now)

    async def keep_quarters(self, now: int) -> None:
        """Make the parts of the table that are needed soon."""
        await self._pool.fetch(_SQL["keep_quarters"], today(now))

    async def drop_quarters(self, before: date) -> None:
        """Drop those that were over by then: all that counts in them has to be carried before."""
        await self._pool.fetchval(_SQL["drop_quarters"], before)

    async def _judged(self, connection: Connection, visit: Visit, now: int) -> _Judged:
        """It as it stands among others. Its user is locked: what is read along with that is from before."""
        times = to_datetime(visit.at - rules.AROUND_MS), to_datetime(visit.at + rules.AROUND_MS)
        row = await connection.fetchrow(statements.HELD, visit.user_id, visit.day, *times, _KINDS)
        if row is None:
            raise NotFound
        held, check_in_id = held_in(row, visit.user_id), new_id(now)
        reason = rules.why_not(_attempt(visit), _others(row), most_a_day=self._most_a_day)
        counted = _counted(check_in_id, visit)
        late = reason is None and not goes_on(held.journey, counted)
        journey = held.journey if reason is not None or late else step(held.journey, counted)
        happened = () if reason is not None or late else _happened(held.journey, journey, visit.place.type)
        return _Judged(
            id=check_in_id,
            visit=visit,
            reason=reason,
            held=held,
            journey=journey,
            late=late,
            happened=happened,
            owed=due(convert(row["rules"] or (), list[Rule]), happened),
        )

    async def _followed(
        self, connection: Connection, judged: _Judged, say: Say, key: IdempotencyKey | None, now: int
    ) -> CheckedIn:
        """Keep what is judged, and what comes of it, one after the other."""
        user_id, journey, happened = judged.visit.user_id, judged.journey, judged.happened
        await _write(connection, judged, now)
        owed: Sequence[Due] | None = judged.owed
        if judged.late:
            journey = await refolded(connection, judged.held, now)
            happened, owed = _happened(judged.held.journey, journey, judged.visit.place.type), None
        rewards = await self._grant(connection, user_id, happened, now, owed)
        await self._tell(connection, judged, journey, now)
        return await keep(connection, key, _done(judged, journey, rewards, say, now))

    async def _tell(self, connection: Connection, judged: _Judged, journey: Journey, now: int) -> None:
        """What they are told of one that counts."""
        user_id, before = judged.visit.user_id, judged.held.journey
        for notice in (
            milestones_reached(user_id, judged.id, _reached(before, journey)),
            streak_grown(user_id, judged.id, before, journey),
        ):
            if notice is not None:
                await self._notify(connection, notice, now)


async def _begun(
    connection: Connection, user_id: str, location_id: str, key: IdempotencyKey | None
) -> Record:
    """Their key is claimed, and they are locked."""
    if key is None:
        return await connection.fetchrow(statements.BEGIN, user_id, location_id)
    return await connection.fetchrow(statements.BEGIN_ONCE, *claimed_by(key), user_id, location_id)


async def _write(
    connection: Connection,
    judged: _Judged,
    now: int,
    *,
    key: IdempotencyKey | None = None,
    done: CheckedIn | None = None,
) -> None:
    """It is on record, with the journey unless that is late; and what is answered, if that is known."""
    visit = judged.visit
    values: list[object] = [
        judged.id,
        visit.user_id,
        visit.place.id,
        visit.place.type,
        visit.day,
        visit.zone,
        to_datetime(visit.at),
        to_datetime(now),
        visit.verified_by,
        judged.reason,
        visit.mood,
        visit.note,
    ]
    moves, known = judged.reason is None and not judged.late, key is not None and done is not None
    if moves:
        values.append(state_of(judged.journey))
    if key is not None and done is not None:
        values += *kept_by(key), done
    await connection.execute(statements.writing(moved=moves, kept=known), *values)


def _others(row: Record) -> list[Before]:
    return [
        Before(
            each["location_id"],
            _spot(each),
            to_ms(datetime.fromisoformat(each["at"])),
            date.fromisoformat(each["local_day"]),
        )
        for each in row["around"] or ()
    ]


def _happened(before: Journey, journey: Journey, at: LocationType) -> list[Happening]:
    return [
        NthCheckIn(at=at, nth=journey.total, nth_at=journey.at_places(at)),
        StreakIs(journey.streak),
        LevelIs(journey.level),
        *map(MilestoneReached, _reached(before, journey)),
    ]


def _reached(before: Journey, journey: Journey) -> list[str]:
    return [each for each in journey.milestones if each not in before.milestones]


def _done(judged: _Judged, journey: Journey, rewards: Sequence[RewardView], say: Say, now: int) -> CheckedIn:
    return CheckedIn(
        check_in=_made(judged.id, judged.visit, judged.reason, now),
        journey=say(journey, judged.held.beside, judged.visit.zone),
        rewards=list(rewards),
    )


def _place(row: Record) -> Place:
    return Place(
        id=row["id"],
        type=row["type"],
        spot=_spot(row),
        code_version=row["code_version"],
        zone=row["zone"],
        time_zone=row["time_zone"],
    )


def _attempt(visit: Visit) -> Attempt:
    place = visit.place
    return Attempt(place.id, place.spot, visit.at, visit.day, visit.verified_by is not None)


def _counted(check_in_id: str, visit: Visit) -> Counted:
    return Counted(id=check_in_id, at=visit.at, day=visit.day, zone=visit.zone, type=visit.place.type)


def _made(check_in_id: str, visit: Visit, reason: CheckInReason | None, now: int) -> CheckInView:
    return CheckInView(
        id=check_in_id,
        location_id=visit.place.id,
        verified=visit.verified_by is not None,
        verified_by=visit.verified_by,
        counts=reason is None,
        local_day=visit.day.isoformat(),
        zone=visit.zone,
        at=rfc3339(visit.at),
        created_at=rfc3339(now),
        reason=reason or UNSET,
        mood=visit.mood or UNSET,
        note=UNSET if visit.note is None else visit.note,
    )


def _view(row: Record) -> CheckInView:
    return CheckInView(
        id=row["id"],
        location_id=row["location_id"],
        verified=row["verified_by"] is not None,
        verified_by=row["verified_by"],
        counts=row["counts"],
        local_day=row["local_day"].isoformat(),
        zone=row["zone"],
        at=rfc3339(to_ms(row["at"])),
        created_at=rfc3339(to_ms(row["created_at"])),
        reason=row["reason"] or UNSET,
        mood=row["mood"] or UNSET,
        note=UNSET if row["note"] is None else row["note"],
        flagged_at=UNSET if row["flagged_at"] is None else rfc3339(to_ms(row["flagged_at"])),
    )


def _spot(row: Record | Mapping[str, Any]) -> Spot:
    return Spot(Position(row["lat"], row["lon"]), row["radius_m"])


def _days(check_in_id: str) -> tuple[date, date]:
    """Between which its local day is. An id may be made up: then there is nothing in any."""
    made = today(min(made_at(check_in_id), 100_000 * DAY_MS))
    return made - _DAYS_APART, made + _DAYS_APART
