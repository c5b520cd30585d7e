"""What new accounts have in common with those who are banned, on the real Postgres, seen from either side."""

from uuid import uuid4

from msgspec.structs import replace

from core.clock import DAY_MS, now_ms, to_datetime
from db.postgres.marks import Mark, MarkStore
from db.postgres.suspicions import Resemblance, SuspicionStore
from tests.stores.world import World


async def test_a_ban_finds_whom_a_sign_in_would_have_found(world: World) -> None:
    """Cal shares her device; Dan a network alone; Eve blocked her; the last has been here for long."""
    ben, cal, dan, eve, old = [await world.person() for _ in range(5)]
    store, now = SuspicionStore(world.pool), now_ms()
    device, photo, network = (Mark(kind, uuid4().bytes) for kind in ("device", "photo", "network"))
    await MarkStore(world.pool).note(
        {ben: [device, network, photo], cal: [device, network], dan: [network], eve: [photo], old: [device]},
        now,
    )
    await world.block(eve, ben)
    await world.pool.execute(
        "UPDATE identity.users SET created_at = $2 WHERE id = $1", old, to_datetime(now - 40 * DAY_MS)
    )

    async def found() -> dict[str, Resemblance]:
        return await store.resemblances_with(
            ben, kinds=("device", "photo"), recent=now - DAY_MS, before_ms=30 * DAY_MS, limit=9, now=now
        )

    assert await found() == {}, "she is not banned"
    await world.ban(ben)
    [seen] = await store.resemblances(
        cal,
        proofs=("device", "photo"),
        recent=now - DAY_MS,
        before_ms=30 * DAY_MS,
        newcomer_ms=0,
        now=now,
    )
    assert {mark.kind: mark.bearers for mark in seen.marks} == {"device": 2, "network": 2}
    assert seen.avoiders == 1
    [(who, the_same)] = (await found()).items()
    assert who == cal
    assert replace(the_same, marks=()) == replace(seen, marks=())
    assert set(the_same.marks) == set(seen.marks)
