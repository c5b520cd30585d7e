"""What a store of presence promises, in memory and in Redis alike."""

import asyncio

from redis.asyncio import Redis

from core.ids import new_id
from core.presence import PresenceState
from db.redis.multiplexed import RedisClient
from db.redis.presence import CLAIM_MS, SHARDS, RedisPresence
from realtime.presence.ports import PresenceStore
from tests.text import text

T0 = 1_750_000_000_000
LEASE_S = 30
LEASE = LEASE_S * 1000


async def read(store: PresenceStore, user: str, now: int) -> PresenceState:
    return (await store.read_many([user], now))[user]


async def test_who_was_never_there_is_not_there(store: PresenceStore) -> None:
    """Reading many gives an answer for each, in their order."""
    ana, ben = new_id(), new_id()
    await store.arrive(ben, "c1", "phone", T0, LEASE_S)
    found = await store.read_many([ana, ben], T0)
    assert list(found) == [ana, ben]
    assert found[ana] == PresenceState()
    assert found[ben] == PresenceState(connections={"c1": "phone"}, last_seen=T0)
    assert await store.read_many([], T0) == {}


async def test_two_devices_come_and_go_each_for_itself(store: PresenceStore) -> None:
    """A departure gives the state that is left, and a repeat changes nothing."""
    ana = new_id()
    await store.arrive(ana, "c1", "phone", T0, LEASE_S)
    assert await store.arrive(ana, "c2", "a laptop, with spaces\nand lines", T0 + 1, LEASE_S) == "online"
    assert (await read(store, ana, T0 + 1)).devices == {"phone", "a laptop, with spaces\nand lines"}
    for _ in range(2):
        left = await store.depart(ana, "c2", T0 + 2)
        assert left == PresenceState(connections={"c1": "phone"}, last_seen=T0 + 2)
    assert await store.depart(ana, "c1", T0 + 3) == PresenceState(last_seen=T0 + 3)


async def test_a_device_stays_while_one_of_its_connections_does(store: PresenceStore) -> None:
    """Two tabs of one device."""
    ana = new_id()
    await store.arrive(ana, "c1", "laptop", T0, LEASE_S)
    await store.arrive(ana, "c2", "laptop", T0, LEASE_S)
    assert (await store.depart(ana, "c1", T0)).devices == {"laptop"}


async def test_a_lease_ends_unless_renewed(store: PresenceStore) -> None:
    """To the millisecond; last seen is the last renewal."""
    ana = new_id()
    await store.arrive(ana, "c1", "phone", T0, LEASE_S)
    assert await store.renew([(ana, "c1")], T0 + 10_000, LEASE_S) == frozenset()
    assert (await read(store, ana, T0 + 10_000 + LEASE - 1)).connections
    assert await read(store, ana, T0 + 10_000 + LEASE) == PresenceState(last_seen=T0 + 10_000)


async def test_renewing_names_those_that_are_not_known(store: PresenceStore) -> None:
    """Many at once, of all shards, each position right."""
    held = [(new_id(), f"c{n}") for n in range(450)]
    known = held[::3]
    await asyncio.gather(*(store.arrive(u, c, "phone", T0, LEASE_S) for u, c in known))
    assert await store.renew(held, T0 + 20_000, LEASE_S) == set(held) - set(known)
    there = await store.read_many([u for u, _ in held], T0 + LEASE)
    assert {u for u, a in there.items() if a.connections} == {u for u, _ in known}
    assert await store.renew([], T0, LEASE_S) == frozenset()


async def test_how_one_wants_to_be_seen_outlasts_the_connection(store: PresenceStore) -> None:
    """An invisible user stays invisible when they come back."""
    ana = new_id()
    await store.arrive(ana, "c1", "phone", T0, LEASE_S)
    await store.set_status(ana, "away", T0)
    await store.depart(ana, "c1", T0)
    assert await store.arrive(ana, "c2", "phone", T0 + 5, LEASE_S) == "away"


async def test_the_invisible_are_not_seen(store: PresenceStore) -> None:
    """Last seen stays where they vanished, whatever they do, until they show themselves."""
    ana = new_id()
    await store.arrive(ana, "c1", "phone", T0, LEASE_S)
    await store.set_status(ana, "invisible", T0 + 1)
    await store.set_status(ana, "invisible", T0 + 2)
    await store.renew([(ana, "c1")], T0 + 3, LEASE_S)
    await store.arrive(ana, "c2", "laptop", T0 + 4, LEASE_S)
    left = await store.depart(ana, "c2", T0 + 5)
    assert left == PresenceState(connections={"c1": "phone"}, own="invisible", last_seen=T0 + 1)
    assert not left.visible
    await store.set_status(ana, "online", T0 + 6)
    assert await read(store, ana, T0 + 6) == PresenceState(connections={"c1": "phone"}, last_seen=T0 + 6)


async def test_a_lapse_is_found_with_its_device_and_what_is_left(store: PresenceStore) -> None:
    """One node died, another still holds a connection."""
    ana, ben = new_id(), new_id()
    await store.arrive(ana, "c1", "phone", T0, LEASE_S)
    await store.arrive(ana, "c2", "laptop", T0 + 5_000, LEASE_S)
    await store.arrive(ben, "c3", "phone", T0 + 5_000, LEASE_S)
    assert await store.expired(T0 + LEASE - 1) == []
    (expired,) = await store.expired(T0 + LEASE)
    assert (expired.user_id, expired.connection, expired.device) == (ana, "c1", "phone")
    assert expired.left == PresenceState(connections={"c2": "laptop"}, last_seen=T0 + 5_000)


async def test_two_nodes_do_not_take_up_one_lapse(store: PresenceStore) -> None:
    """Of many nodes that look at once, each expired lease is found by one."""
    users = {new_id() for _ in range(30)}
    await asyncio.gather(*(store.arrive(user, "c1", "phone", T0, LEASE_S) for user in users))
    found = await asyncio.gather(*(store.expired(T0 + LEASE) for _ in range(8)))
    assert sorted(expired.user_id for some in found for expired in some) == sorted(users)


async def test_a_lapse_that_nobody_settled_is_found_again(store: PresenceStore) -> None:
    """The node that had claimed it died too; once settled it is over."""
    ana = new_id()
    await store.arrive(ana, "c1", "phone", T0, LEASE_S)
    end = T0 + LEASE
    assert len(await store.expired(end)) == 1
    assert await store.expired(end + CLAIM_MS - 1) == []
    (expired,) = await store.expired(end + CLAIM_MS)
    await store.settle(expired.user_id, expired.connection, end + CLAIM_MS)
    assert await store.expired(end + 10 * CLAIM_MS) == []
    assert await store.renew([(ana, "c1")], end + CLAIM_MS, LEASE_S) == {(ana, "c1")}
    assert await read(store, ana, end) == PresenceState(last_seen=T0)


async def test_a_lease_that_ran_out_and_nobody_missed_is_renewed_in_silence(store: PresenceStore) -> None:
    """Redis stood still, and nobody has told anybody that they are gone."""
    ana = new_id()
    await store.arrive(ana, "c1", "phone", T0, LEASE_S)
    assert await store.renew([(ana, "c1")], T0 + 3 * LEASE, LEASE_S) == frozenset()


async def test_settling_spares_who_came_back(store: PresenceStore) -> None:
    """A node that was only slow renews between the claim and its consequences, and hears of it once."""
    ana = new_id()
    await store.arrive(ana, "c1", "phone", T0, LEASE_S)
    (expired,) = await store.expired(T0 + LEASE)
    assert await store.renew([(ana, "c1")], T0 + LEASE + 1, LEASE_S) == {(ana, "c1")}
    assert await store.renew([(ana, "c1")], T0 + LEASE + 1, LEASE_S) == frozenset()
    await store.settle(expired.user_id, expired.connection, T0 + LEASE + 2)
    assert (await read(store, ana, T0 + LEASE + 2)).devices == {"phone"}
    assert await store.expired(T0 + LEASE + CLAIM_MS) == []
    assert len(await store.expired(T0 + 2 * LEASE + 1)) == 1


async def test_who_left_properly_does_not_lapse(store: PresenceStore) -> None:
    """Nothing remains to be found."""
    ana = new_id()
    await store.arrive(ana, "c1", "phone", T0, LEASE_S)
    await store.depart(ana, "c1", T0 + 1)
    await store.settle(ana, "c1", T0 + 1)
    assert await store.expired(T0 + LEASE) == []


async def test_a_departure_without_its_consequences_is_found_like_a_lapse(store: PresenceStore) -> None:
    """The node died in between. The user is shown as gone meanwhile; a late renewal does not change that."""
    ana = new_id()
    await store.arrive(ana, "c1", "phone", T0, LEASE_S)
    assert await store.depart(ana, "c1", T0 + 1) == PresenceState(last_seen=T0 + 1)
    assert await store.renew([(ana, "c1")], T0 + 2, LEASE_S) == {(ana, "c1")}
    assert not (await read(store, ana, T0 + 2)).connections
    assert await store.expired(T0 + CLAIM_MS) == []
    (expired,) = await store.expired(T0 + 1 + CLAIM_MS)
    assert (expired.user_id, expired.connection, expired.device) == (ana, "c1", "phone")


async def test_redis_keeps_nothing_for_ever(redis: Redis, redis_client: RedisClient) -> None:
    """A user's hash goes after 30 days without a connection; nobody's lease stays behind."""
    store = RedisPresence(redis_client)
    users = [new_id() for _ in range(40)]
    await asyncio.gather(*(store.arrive(user, "c1", "phone", T0, LEASE_S) for user in users))
    await asyncio.gather(*(store.set_status(user, "away", T0) for user in users))
    await asyncio.gather(*(store.depart(user, "c1", T0 + 1) for user in users))
    await asyncio.gather(*(store.settle(user, "c1", T0 + 1) for user in users))
    keys = await redis.keys("presence:*")
    assert len(keys) == len(users)
    assert all([0 < await redis.ttl(key) <= 30 * 86_400 for key in keys])


async def test_a_lapse_of_one_whom_redis_forgot_is_dropped(redis: Redis, redis_client: RedisClient) -> None:
    """The hash has gone, the lease is left: it is found without a device, and settled away."""
    store, ana = RedisPresence(redis_client), new_id()
    await store.arrive(ana, "c1", "phone", T0, LEASE_S)
    await redis.delete(*[key for key in await redis.keys("presence:*") if text(key).endswith(ana)])
    (expired,) = await store.expired(T0 + LEASE)
    assert expired.device == ""
    await store.settle(expired.user_id, expired.connection, T0 + LEASE)
    assert await redis.keys("presence:*") == []


async def test_the_keys_of_a_change_share_a_slot(redis: Redis, redis_client: RedisClient) -> None:
    """What a script touches has one hash tag, and users are spread over all shards."""
    store = RedisPresence(redis_client)
    await asyncio.gather(*(store.arrive(new_id(), "c1", "phone", T0, LEASE_S) for _ in range(200)))
    tags = {text(key).split(":")[1] for key in await redis.keys("presence:*")}
    assert tags == {f"{{presence-{shard}}}" for shard in range(SHARDS)}
