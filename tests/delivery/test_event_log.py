"""The event log on a real Redis: events are kept and announced in order, once, also when Redis fails."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from core.clock import now_ms
from core.contract.calls import CallEnded
from core.contract.presence import PresenceChanged
from core.errors import Unavailable
from core.ids import new_id
from core.keys import Keyring
from db.redis.bus import Bus
from db.redis.event_log import Announcement, EventId, EventLog, channel, read_announcements
from db.redis.multiplexed import RedisClient, open_redis_client
from realtime.gateway.recovery import Recovery
from realtime.gateway.subscription import Subscription
from tests.delivery.bundles import bundles
from tests.patience import PATIENCE_S
from tests.ports import Ports

BUS = f"bus-{uuid.uuid4().hex}"


@dataclass
class ListeningDevice:
    """A connected device: what its subscription lets through."""

    event_log: EventLog
    bus: Bus
    user: str
    device: str = "phone"
    got: list[Announcement] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.subscription = Subscription(self._take, lambda last: self.event_log.after(self.user, last))

    def _take(self, announcement: Announcement) -> None:
        self.got.append(announcement)
        self.arrived.set()

    def hear(self, raw: bytes) -> None:
        for announcement in read_announcements(raw):
            self.subscription.take(announcement)

    async def connect(self) -> "ListeningDevice":
        await self.bus.subscribe(channel(self.user), self.hear)
        self.subscription.open(self.device, (await self.event_log.tail(self.user)).end)
        return self

    async def receives(self, count: int) -> list[str]:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.got) < count:
                self.arrived.clear()
                await self.arrived.wait()
        return [a.data.decode() for a in self.got]


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[Bus]:
    named = f"{redis_url}&client_name={BUS}"
    async with open_redis_client(named) as client, Bus(client, BUS, canary_s=0.5, late_s=PATIENCE_S) as bus:
        yield bus


@pytest.fixture
async def event_log(redis_client: RedisClient) -> EventLog:
    return EventLog(redis_client, keep=50, keep_s=300)


async def cut(redis: Redis) -> None:
    """Redis drops the connection of the bus."""
    for client in await redis.client_list(_type="pubsub"):
        if client["name"] == BUS:
            await redis.client_kill_filter(_id=client["id"])


class Gate:
    """A way to Redis that can be shut: who is on it is cut off, who comes is refused."""

    def __init__(self, redis_url: str, port: int) -> None:
        self._url = urlsplit(redis_url)
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = port

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def shut(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._url.scheme == "unix":
            beyond, into = await asyncio.open_unix_connection(self._url.path)
        else:
            beyond, into = await asyncio.open_connection(self._url.hostname, self._url.port)
        self._writers |= {writer, into}
        await asyncio.gather(_pipe(reader, into), _pipe(beyond, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
    writer.transport.abort()


@contextlib.asynccontextmanager
async def gate_before(redis_url: str) -> AsyncIterator[tuple[Gate, str]]:
    """A gate, open, and the URL that leads through it."""
    with Ports() as ports:  # shut, it has none of those that the system gives to others
        gate = Gate(redis_url, ports.take())
        await gate.open()
        try:
            yield gate, f"redis://127.0.0.1:{gate.port}?{urlsplit(redis_url).query}"
        finally:
            await gate.shut()


def ended(number: int) -> CallEnded:
    return CallEnded(call_id=new_id(), reason="hung_up", duration_s=number)


async def test_events_arrive_in_order(event_log: EventLog, bus: Bus) -> None:
    ana = await ListeningDevice(event_log, bus, new_id()).connect()
    for number in range(20):
        await event_log.send(ana.user, ended(number))
    got = await ana.receives(20)
    assert [f'"duration_s":{n}' in data for n, data in enumerate(got)] == [True] * 20
    assert [a.id for a in ana.got] == sorted(a.id for a in ana.got if a.id)


async def test_the_same_key_is_said_once(event_log: EventLog, bus: Bus) -> None:
    ana = await ListeningDevice(event_log, bus, new_id()).connect()
    for number in (1, 2):
        await event_log.send(ana.user, ended(number), key="call:1")
    await event_log.send(ana.user, ended(3))
    assert ['"duration_s":1' in data or '"duration_s":3' in data for data in await ana.receives(2)] == [
        True,
        True,
    ]


async def test_an_event_for_one_device_reaches_that_device_alone(event_log: EventLog, bus: Bus) -> None:
    user = new_id()
    phone, laptop = (
        await ListeningDevice(event_log, bus, user).connect(),
        await ListeningDevice(event_log, bus, user, "laptop").connect(),
    )
    await event_log.send(user, ended(1), device="phone")
    await event_log.send(user, ended(2), not_device="phone")
    await event_log.send(user, ended(3))
    await phone.receives(2)
    await laptop.receives(2)
    assert [b'"duration_s":2' in a.data for a in phone.got] == [False, False]
    assert [b'"duration_s":1' in a.data for a in laptop.got] == [False, False]


async def test_volatile_events_are_announced_and_not_kept(event_log: EventLog, bus: Bus) -> None:
    ana = await ListeningDevice(event_log, bus, new_id()).connect()
    await event_log.send(ana.user, PresenceChanged(user_id=new_id(), status="online", last_seen=None))
    await ana.receives(1)
    assert ana.got[0].id is None
    assert await event_log.after(ana.user, EventId(0, 0)) == []


async def test_what_many_are_told_at_once_reaches_each_and_nobody_else(
    event_log: EventLog, bus: Bus, redis: Redis, redis_client: RedisClient
) -> None:
    """In one message for some hundreds; each of their devices hears it, wherever it is connected."""
    users = [new_id() for _ in range(450)]
    async with Bus(redis_client, new_id()) as elsewhere, bundles(redis) as naming:
        here = [await ListeningDevice(event_log, bus, user).connect() for user in users[::100]]
        there = [await ListeningDevice(event_log, elsewhere, user).connect() for user in users[::150]]
        stranger = await ListeningDevice(event_log, bus, new_id()).connect()
        await event_log.send_all(
            (user, PresenceChanged(user_id=user, status="online", last_seen=None)) for user in users
        )
        for device in (*here, *there):
            assert f'"{device.user}"' in (await device.receives(1))[0]
            assert await naming(device.user, least=1) == 1
        await event_log.send(stranger.user, ended(1))
        assert ['"duration_s":1' in data for data in await stranger.receives(1)] == [True]


async def test_few_are_told_without_troubling_other_nodes(
    event_log: EventLog, bus: Bus, redis: Redis
) -> None:
    ana = await ListeningDevice(event_log, bus, new_id()).connect()
    async with bundles(redis) as naming:
        changed = PresenceChanged(user_id=new_id(), status="online", last_seen=None)
        await event_log.send_all([(ana.user, changed)] * 3)
        await ana.receives(3)
        assert await naming(ana.user) == 0


async def test_a_missed_announcement_is_read_from_the_stream(event_log: EventLog, bus: Bus) -> None:
    """The bus dropped two; the third names a predecessor that nobody has seen."""
    ana = await ListeningDevice(event_log, bus, new_id()).connect()
    await event_log.send(ana.user, ended(0))
    await ana.receives(1)
    await bus.unsubscribe(channel(ana.user), ana.hear)
    for number in (1, 2):
        await event_log.send(ana.user, ended(number))
    await bus.subscribe(channel(ana.user), ana.hear)
    await event_log.send(ana.user, ended(3))
    got = await ana.receives(4)
    assert [f'"duration_s":{n}' in data for n, data in enumerate(got)] == [True] * 4


async def test_the_bus_comes_back_by_itself_and_everyone_catches_up(
    event_log: EventLog, bus: Bus, redis: Redis
) -> None:
    """Redis drops the connection of the bus: events sent meanwhile are read afterwards."""
    ana = await ListeningDevice(event_log, bus, new_id()).connect()

    async def catch_up() -> None:
        ana.subscription.catch_up()

    bus.on_return.append(catch_up)
    await cut(redis)
    for number in range(5):
        await event_log.send(ana.user, ended(number))
    got = await ana.receives(5)
    assert [f'"duration_s":{n}' in data for n, data in enumerate(got)] == [True] * 5
    async with asyncio.timeout(PATIENCE_S):
        while True:  # a busy machine may take longer to hear itself
            with contextlib.suppress(ConnectionError):
                await bus.check()
                return
            await asyncio.sleep(0.01)


async def test_a_stream_keeps_no_more_than_it_should(event_log: EventLog, redis: Redis) -> None:
    user = new_id()
    await asyncio.gather(*(event_log.send(user, ended(number)) for number in range(400)))
    async with asyncio.timeout(PATIENCE_S):
        while (tail := await event_log.tail(user)).length >= 50 + 100:  # Redis takes off whole blocks, of 100
            await event_log.send(user, ended(400))  # which it is asked for after one in ten
    assert tail.length >= 50
    assert 250_000 < await redis.pttl(f"events:{{{user}}}") <= 310_000  # a step may last


async def test_what_is_too_old_is_kept_with_what_is_not_and_never_told_again(
    event_log: EventLog, redis: Redis
) -> None:
    """To who comes back: neither to one with an offset before it, nor to one who begins anew."""
    user, now = new_id(), now_ms()
    for ago in (400_000, 200_000):
        await redis.xadd(f"events:{{{user}}}", {"name": "x", "data": ago}, id=f"{now - ago}-0")
    too_old, young = EventId(now - 400_000, 0), EventId(now - 200_000, 0)
    recovery = Recovery(Keyring("a secret of some length").keys("place in a stream"), keep=50, keep_s=300)
    before = await event_log.tail(user, EventId(now - 500_000, 0))
    assert [event.id for event in before.missed] == [young]
    assert not recovery.serves(EventId(now - 500_000, 0), before)
    after = await event_log.tail(user, too_old)
    assert [event.id for event in after.missed] == [young]
    assert recovery.serves(too_old, after)
    assert [event.id for event in await event_log.after(user, EventId(0, 0))] == [young]


async def test_who_stays_is_told_what_was_missed_however_late(event_log: EventLog, redis: Redis) -> None:
    """A connection that goes on loses nothing that is kept, though the bus was away for long."""
    user, now = new_id(), now_ms()
    await redis.xadd(f"events:{{{user}}}", {"name": "x", "data": 1}, id=f"{now - 400_000}-0")
    assert len(await event_log.after(user, EventId(now - 500_000, 0))) == 1


async def test_what_the_bus_missed_while_a_client_was_welcomed_is_read(event_log: EventLog, bus: Bus) -> None:
    """The bus was away between the look at the stream and `session:ready`, and nothing is said after that."""
    ana = ListeningDevice(event_log, bus, new_id())
    await bus.subscribe(channel(ana.user), ana.hear)
    last = (await event_log.tail(ana.user)).end
    await bus.unsubscribe(channel(ana.user), ana.hear)
    await event_log.send(ana.user, ended(1))
    await bus.subscribe(channel(ana.user), ana.hear)
    ana.subscription.catch_up()
    ana.subscription.open(ana.device, last)
    assert '"duration_s":1' in (await ana.receives(1))[0]


async def test_what_the_bus_missed_while_a_gap_was_read_is_read_too(event_log: EventLog, bus: Bus) -> None:
    """It broke again during the read: the next event names a predecessor that nobody has seen."""
    ana = await ListeningDevice(event_log, bus, new_id()).connect()
    await event_log.send(ana.user, ended(0))
    await ana.receives(1)
    read, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(last: EventId) -> list[Announcement]:
        found = await event_log.after(ana.user, last)
        read.set()
        await go_on.wait()
        return found

    ana.subscription = Subscription(ana._take, slowly)
    ana.subscription.open(ana.device, (await event_log.tail(ana.user)).end)
    ana.subscription.catch_up()
    await read.wait()
    await bus.unsubscribe(channel(ana.user), ana.hear)
    await event_log.send(ana.user, ended(1))
    await bus.subscribe(channel(ana.user), ana.hear)
    heard = asyncio.Event()
    await bus.subscribe(channel(ana.user), lambda _: heard.set())
    await event_log.send(ana.user, ended(2))
    await heard.wait()
    go_on.set()
    got = await ana.receives(3)
    assert [f'"duration_s":{n}' in data for n, data in enumerate(got)] == [True] * 3


async def test_one_message_that_nobody_understands_does_not_deafen_the_bus(
    event_log: EventLog, bus: Bus, redis: Redis
) -> None:
    ana = await ListeningDevice(event_log, bus, new_id()).connect()
    await redis.publish(channel(ana.user), b"not six lines")
    await event_log.send(ana.user, ended(1))
    assert '"duration_s":1' in (await ana.receives(1))[0]


async def test_who_waits_for_a_channel_asks_again_when_the_first_to_ask_fails(redis_url: str) -> None:
    """Two devices of one person come while Redis is away: neither waits for the other's failure for ever."""
    async with (
        gate_before(redis_url) as (gate, url),
        open_redis_client(url) as through,
        Bus(through, new_id()) as bus,
    ):
        user, heard = new_id(), asyncio.Event()
        await gate.shut()
        with pytest.raises(RedisConnectionError):
            await bus.publish(channel(user), b"nobody hears this")
        first = asyncio.create_task(bus.subscribe(channel(user), lambda _: None))
        second = asyncio.create_task(bus.subscribe(channel(user), lambda _: heard.set()))
        async with asyncio.timeout(PATIENCE_S):
            outcome = await asyncio.gather(first, second, return_exceptions=True)
            assert [type(error).__name__ for error in outcome] == ["ConnectionError"] * 2
            await gate.open()
            await bus.subscribe(channel(user), lambda _: heard.set())
            await bus.publish(channel(user), b"hello")
            await heard.wait()


async def test_a_catch_up_that_finds_no_store_is_tried_again(redis: Redis, bus: Bus) -> None:
    """Postgres may come back later than the bus: who was revoked meanwhile is still found."""
    answers: list[Exception] = [Unavailable(), ConnectionRefusedError()]
    done = asyncio.Event()

    async def catch_up() -> None:
        if answers:
            raise answers.pop()
        done.set()

    bus.on_return.append(catch_up)
    await cut(redis)
    async with asyncio.timeout(PATIENCE_S):
        await done.wait()


async def test_what_is_missed_while_a_catch_up_fails_is_caught_up_too(redis: Redis, bus: Bus) -> None:
    """By a fault of ours: it says nothing about the next time."""
    again, done = asyncio.Event(), asyncio.Event()
    faults = [ValueError("a fault of ours")]

    async def catch_up() -> None:
        if faults:
            await again.wait()
            raise faults.pop()
        done.set()

    async def noted() -> None:
        returns.put_nowait(None)

    returns: asyncio.Queue[None] = asyncio.Queue()
    bus.on_return += [catch_up, noted]
    async with asyncio.timeout(PATIENCE_S):
        for _ in range(2):
            await cut(redis)
            await returns.get()
        again.set()
        await done.wait()
