"""Seats of echo calls: each process has so many, the least busy is asked, no call is left behind."""

import asyncio

import pytest

from core.ids import new_id
from db.redis.bus import Bus
from db.redis.echo_seats import LEASE_MS, EchoSeats, Full, channel
from db.redis.multiplexed import RedisClient
from tests.patience import PATIENCE_S

NOW, LATER = 1_000_000, 1_060_000


@pytest.fixture
async def seats(redis_client: RedisClient) -> EchoSeats:
    """Two of each process, and no process yet."""
    for key in ("echo:{echo}:processes", "echo:{echo}:seats"):
        await redis_client.command("DEL", key)
    return EchoSeats(redis_client, seats=2)


async def take(seats: EchoSeats, call_id: str, now: int = NOW) -> str | Full | None:
    return await seats.take(call_id, now=now, until=LATER)


async def test_without_a_process_there_is_no_seat(seats: EchoSeats) -> None:
    assert await take(seats, "c") is None
    await seats.hold("one", now=NOW)
    assert await take(seats, "c", NOW + LEASE_MS) is None, "its lease has ended"


async def test_calls_go_where_most_room_is_until_all_are_full(seats: EchoSeats) -> None:
    for process in ("one", "two"):
        assert await seats.hold(process, now=NOW) == []
    given = [await take(seats, str(number)) for number in range(4)]
    assert sorted(map(str, given)) == ["one", "one", "two", "two"]
    assert {given[0], given[1]} == {"one", "two"}, "not all to the first"
    assert await take(seats, "5") == Full(LATER)
    await seats.give_back("two", next(str(n) for n, process in enumerate(given) if process == "two"))
    assert await take(seats, "5") == "two"


async def test_a_seat_that_nobody_gave_back_is_free_in_the_end(seats: EchoSeats) -> None:
    await seats.hold("one", now=NOW)
    for call_id in "ab":
        assert await take(seats, call_id) == "one"
    await seats.hold("one", now=LATER)
    assert await take(seats, "c", LATER) == "one"


async def test_calls_of_a_process_that_is_gone_are_taken_over_as_far_as_there_is_room(
    seats: EchoSeats,
) -> None:
    await seats.hold("one", now=NOW)
    for call_id in "ab":
        await take(seats, call_id)
    assert await seats.hold("two", now=NOW) == [], "it is there"
    assert await take(seats, "c") == "two"
    await seats.leave("one")
    held = await seats.hold("two", now=NOW)
    assert held[0] == "c"
    assert len(held) == 2, "it has two seats"
    assert await seats.hold("three", now=NOW) == [({"a", "b"} - set(held)).pop()]


async def test_the_process_is_told(seats: EchoSeats, redis_client: RedisClient) -> None:
    async with Bus(redis_client, new_id()) as bus:
        told: asyncio.Queue[bytes] = asyncio.Queue()
        process = new_id()  # channels are those of all databases of a server
        await bus.subscribe(channel(process), told.put_nowait)
        await seats.hold(process, now=NOW)
        await take(seats, "a-call")
        async with asyncio.timeout(PATIENCE_S):
            assert await told.get() == b"a-call"
