"""How often a message to five hundred goes to the stores: as often as one to two."""

import asyncio

import pytest

from core.clock import now_ms
from db.postgres.forgotten_messages import ForgottenMessages
from tests.integration.conftest import SignUp
from tests.integration.test_groups import grouped
from tests.integration.test_trips import HELD, Course, Trips, trips
from tests.patience import PATIENCE_S
from tests.stores.world import World

__all__ = ["trips"]  # a fixture

MEMBERS = 500
ROUNDS = 3


async def test_a_message_to_five_hundred_takes_as_many_trips_as_one_to_two(
    sign_up: SignUp, world: World, trips: Trips, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One statement, and several scripts that are all asked for in one write; also where a room forgets."""
    ana = await sign_up()
    room_id = (await grouped(ana))["room_id"]
    await world.pool.execute(
        "WITH made AS (INSERT INTO identity.users (id, username, created_at, updated_at)"
        " SELECT gen_random_uuid(), 'many-' || gen_random_uuid(), now(), now()"
        " FROM generate_series(2, $2::int) RETURNING id)"
        " INSERT INTO communication.members (room_id, user_id, joined_at) SELECT $1, id, now() FROM made",
        room_id,
        MEMBERS,
    )
    await world.pool.execute("UPDATE communication.groups SET keep_days = 1 WHERE room_id = $1", room_id)
    begin, said = trips.begin, list[Course]()

    def begun(name: str) -> Course:
        course = begin(name)
        if name == "chat:send":
            said.append(course)
        return course

    monkeypatch.setattr(trips, "begin", begun)
    device = await ana.connect()
    for n in range(ROUNDS):
        await device.ask("chat:send", room_id=room_id, client_id=str(n), content=str(n))
        async with asyncio.timeout(PATIENCE_S):
            while any(course.under_way for course in said):
                await asyncio.sleep(0.005)
        now = now_ms()
        await ForgottenMessages(world.pool).forget(room_id, now + 1, now, limit=1000)
    best = min(said, key=lambda course: course.trips.total())
    assert (best.trips["postgres"], best.trips["redis"]) == HELD["chat:send"], best.asked
    assert best.asked.count("redis: tell") > 1, best.asked
