"""The job by which rooms forget: after the server's time, or a shorter one of a group, a while at once.

All of it happens long ago. What the tests before have left goes too, and each looks at its own rooms.
"""

import asyncio
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from core.clock import DAY_MS, HOUR_MS, Clock, to_ms
from core.contract.groups import GroupPatch, GroupView, NewGroup, NewInvitation
from core.ids import new_id
from db.postgres.forgotten_messages import ForgottenMessages
from db.postgres.pool import Pool
from db.postgres.rooms import Rooms
from realtime.background.forgotten_rows import ForgottenRows
from realtime.background.message_keeping import MessageKeeping
from tests.conftest import NewDatabase
from tests.stores.grouping import Party
from tests.stores.world import World

THEN = to_ms(datetime(2001, 2, 3, 4, 5, tzinfo=UTC))


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """One on which no running product forgets anything."""
    return await new_database()


class Past:
    """A room of two and groups, in which something was said every day."""

    def __init__(self, world: World, ana: str, ben: str) -> None:
        self.world, self.party, self.ana, self.ben = world, Party(world), ana, ben

    async def direct(self) -> str:
        return (await self.world.connected((self.ana, self.ben))).room_id

    async def group(self, keep_days: int | None) -> GroupView:
        new = NewGroup(name="Runners", keep_days=keep_days)
        group, _ = await self.party.store.create(self.ana, new, None, THEN)
        made = NewInvitation()
        invitation = await self.party.invitations.invite(group.id, self.ana, made, None, THEN)
        await self.party.join(invitation.id, self.ben, THEN)
        return group

    async def chat(self, room_id: str, days: int = 10) -> None:
        """A message at this time of so many days, of which all were told."""
        for day in range(days):
            at = THEN + day * DAY_MS
            await self.world.say(room_id, self.ana, str(day), id=new_id(at), created_at=at)
        await self.world.pool.execute("DELETE FROM communication.outbox WHERE lane = $1", room_id)

    async def left(self, room_id: str) -> list[str | None]:
        """What is still said of each day."""
        found, *_ = await self.world.rooms.history(room_id, self.ben, before_seq=None, after_seq=0, limit=50)
        return [message.content for message in found if message.type == "text"]

    def job(self, days: int, clock: Clock, *, at_once: int = 1000) -> MessageKeeping:
        return MessageKeeping(ForgottenMessages(self.world.pool), clock, days=days, at_once=at_once)


class Slow(ForgottenMessages):
    """Takes a second for each row that this room forgets, and no time for others, by a clock of its own."""

    def __init__(self, pool: Pool, room_id: str, begin: int) -> None:
        super().__init__(pool)
        self._room_id, self._now = room_id, begin

    def clock(self) -> int:
        return self._now

    async def forget(self, room_id: str, before: int, now: int, *, limit: int) -> int:
        gone = await super().forget(room_id, before, now, limit=limit)
        self._now += 1000 * gone * (room_id == self._room_id)
        return gone


@pytest.fixture
async def past(world: World) -> Past:
    return Past(world, *await world.pair())


def on_day(day: int, ms: int = 0) -> Clock:
    return lambda: THEN + day * DAY_MS + ms


async def test_each_room_forgets_after_the_shorter_time(past: Past) -> None:
    """The server's or its own; a longer one of its own is no reason to keep anything."""
    rooms = [await past.direct()] + [(await past.group(days)).room_id for days in (None, 3, 30)]
    for room in rooms:
        await past.chat(room)
    await past.job(7, on_day(9, HOUR_MS)).forget()
    week, three = [str(day) for day in range(3, 10)], [str(day) for day in range(7, 10)]
    assert [await past.left(room) for room in rooms] == [week, week, three, week]


async def test_where_there_is_no_time_nothing_is_forgotten(past: Past) -> None:
    """But what groups say that have one of their own."""
    rooms = [await past.direct()] + [(await past.group(days)).room_id for days in (None, 1)]
    for room in rooms:
        await past.chat(room, 3)
    await past.job(0, on_day(3_000)).forget()
    assert [await past.left(room) for room in rooms] == [["0", "1", "2"], ["0", "1", "2"], []]


@pytest.mark.parametrize(("ms", "left"), [(54 * 60_000, 3), (55 * 60_000, 2)])
async def test_what_is_forgotten_goes_by_hours(past: Past, ms: int, left: int) -> None:
    """Said at five past four, it goes at five o'clock of its last day."""
    room = await past.direct()
    await past.chat(room, 3)
    await past.job(5, on_day(5, ms)).forget()
    assert len(await past.left(room)) == left


async def test_what_there_is_no_time_for_is_done_at_the_next_look(past: Past) -> None:
    """So that years of messages do not keep the database busy without a pause; the log says how that goes."""
    room = await past.direct()
    await past.chat(room, 9)
    for left in (5, 1, 0):
        slow = Slow(past.world.pool, room, THEN + 100 * DAY_MS)
        with capture_logs() as said:
            await MessageKeeping(slow, slow.clock, days=30, at_once=2, longest_s=3.5).forget()
        assert len(await past.left(room)) == left
        assert [each["done"] for each in said if each["event"] == "messages are forgotten"] == [left == 0]


async def test_prometheus_is_told_how_many_rows_it_was(past: Past) -> None:
    """From the start, slice by slice, with those of who read them; two who look count each row once."""
    room, store = await past.direct(), ForgottenMessages(past.world.pool)
    await past.job(30, on_day(100)).forget()  # what the tests before have left
    await past.chat(room, 6)
    for seq in (2, 4):
        await past.world.read(room, past.ben, seq, at=THEN)
    rows = [ForgottenRows() for _ in range(2)]
    jobs = [MessageKeeping(store, on_day(100), each, days=30, at_once=2) for each in rows]
    assert [told(each) for each in rows] == [{"communication.messages": 0}] * 2
    await asyncio.gather(*(job.forget() for job in jobs))
    assert sum(told(each)["communication.messages"] for each in rows) == 6 + 2


def told(rows: ForgottenRows) -> dict[str, float]:
    """What Prometheus reads, by kind."""
    [metric] = rows.collect()
    assert metric.name == "realtime_forgotten_rows"
    return {sample.labels["kind"]: sample.value for sample in metric.samples}


async def test_two_nodes_may_look_at_once(past: Past) -> None:
    room = await past.direct()
    await past.chat(room)
    jobs = [past.job(1, on_day(5), at_once=2) for _ in range(2)]
    await asyncio.gather(*(job.forget() for job in jobs))
    assert await past.left(room) == ["4", "5", "6", "7", "8", "9"]


async def test_a_group_says_how_long_and_its_members_are_told(past: Past) -> None:
    """In its place among the messages; a room says for how long its messages are kept indeed."""
    group = await past.group(None)
    rooms = [Rooms(past.world.pool, message_days=days) for days in (0, 7)]

    async def kept() -> list[int | None]:
        return [(await each.room(group.room_id, past.ben, THEN)).keep_days for each in rooms]

    assert await kept() == [None, 7]
    for days, shown in ((30, [30, 7]), (1, [1, 1]), (1, [1, 1]), (None, [None, 7])):
        patch = GroupPatch(keep_days=days)
        view = await past.party.store.change(group.id, past.ana, patch, THEN)
        assert view.keep_days == days
        assert await kept() == shown
    notes = await past.party.notes(group, past.ben)
    assert [note.kind for note in notes if note is not None][1:] == ["keeping"] * 3
