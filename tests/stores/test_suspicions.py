"""What new accounts have in common with those who are banned, on the real Postgres, seen from either side."""

from datetime import date
from uuid import uuid4

from msgspec.structs import replace

from core.clock import DAY_MS, now_ms, to_datetime
from core.keys import Keyring
from db.postgres.marks import Mark, MarkStore
from db.postgres.suspicions import Resemblance, SuspicionStore
from services.marks import Marker, Sighting
from services.returning import DEFAULT_RULE
from services.sightings import Sightings
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


class NoJudge:
    """Whoever is a suspect is read from what is on record."""

    async def judge(self, user_id: str) -> None:
        pass


async def test_who_is_banned_under_the_address_of_another_makes_no_suspect_of_them(world: World) -> None:
    """Of those alone who have both verified the mailbox the second account is known by it."""
    marker = Marker(Keyring("a secret of thirty-two characters!").keys("marks of accounts"))
    sightings = Sightings(MarkStore(world.pool), SuspicionStore(world.pool), marker, NoJudge())

    async def account(address: str, born: int, *, verified: bool) -> str:
        user_id = await world.person(f"{address[:9]}", birth_date=date(born, 5, 6), gender="other")
        await world.pool.execute(
            "UPDATE identity.users SET email = $2, email_verified_at = CASE WHEN $3 THEN now() END"
            " WHERE id = $1",
            user_id,
            address,
            verified,
        )
        await sightings.seen([Sighting(user_id=user_id)], now_ms())
        return user_id

    async def suspected(*, banned: bool, honest: bool) -> list[tuple[str, bool]]:
        name, other = uuid4().hex, uuid4().hex
        ben = await account(f"{name}@example.org", 1931, verified=banned)
        ana = await account(f"{name}+{other}@example.org", 1999, verified=honest)
        await world.ban(ben)
        await sightings.banned(ben, now_ms())
        await sightings.compare(ana, now_ms())
        rows = await world.pool.fetch(
            "SELECT kind, suspect FROM safety.suspicions WHERE user_id = $1 AND of_user_id = $2", ana, ben
        )
        return [(row["kind"], row["suspect"]) for row in rows]

    assert await suspected(banned=True, honest=True) == [("mailbox", True)]
    for banned, honest in ((False, True), (True, False), (False, False)):
        assert not any(suspect for _, suspect in await suspected(banned=banned, honest=honest))


async def test_who_is_alike_with_many_is_no_suspect_for_one_of_them(world: World) -> None:
    """A school with the same tablets. Who is the only one to share as much with somebody banned is one."""
    marker = Marker(Keyring("a secret of thirty-two characters!").keys("marks of accounts"))
    rule = replace(DEFAULT_RULE, suspect_least=3.0)  # there are few people here, of whom all else is common
    sightings = Sightings(MarkStore(world.pool), SuspicionStore(world.pool), marker, NoJudge(), rule)

    async def account(name: str, year: int, client: str) -> str:
        user_id = await world.person(name, birth_date=date(year, 4, 3), gender="other")
        await sightings.seen([Sighting(user_id=user_id, client=(client,))], now_ms())
        return user_id

    for year in range(1900, 1940):
        await account(uuid4().hex, year, uuid4().hex)
    alike, alone = ("Benjamin", 1944, uuid4().hex), ("Zacharias", 1945, uuid4().hex)
    pupils, only = [await account(*alike) for _ in range(6)], await account(*alone)
    for user_id in (pupils[0], only):
        await world.ban(user_id)
        await sightings.banned(user_id, now_ms())
    late, again = await account(*alike), await account(*alone)
    query = (
        "SELECT user_id, suspect FROM safety.suspicions WHERE of_user_id = ANY ($1::uuid[]) AND weight > 0"
    )
    found = dict(await world.pool.fetch(query, [pupils[0], only]))
    assert found == dict.fromkeys((*pupils[1:], late), False) | {again: True}
