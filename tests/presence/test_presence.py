"""Presence as users meet it, over two nodes: what is shown, to whom, and when it changes."""

import asyncio
from contextlib import aclosing
from typing import get_args

import pytest
from redis.asyncio import Redis

from core.clock import rfc3339
from core.contract.presence import PresenceChanged
from core.ids import new_id
from core.vocabulary import OwnStatus, Status
from db.redis.bus import Bus
from db.redis.presence import CLAIM_MS
from tests.patience import PATIENCE_S
from tests.presence.nodes import LEASE_S, PresenceNode, Society, Time

Nodes = tuple[PresenceNode, PresenceNode]
Pair = tuple[str, str]
LEASE = LEASE_S * 1000


async def nobody_listens(redis: Redis, channel: str) -> None:
    """Wait until Redis has heard that the channel was given up."""
    async with asyncio.timeout(PATIENCE_S):
        while (await redis.pubsub_numsub(channel))[0][1]:
            await asyncio.sleep(0)


async def test_a_watcher_hears_the_coming_and_going_on_another_node(
    nodes: Nodes, pair: Pair, time: Time
) -> None:
    """The answer to the list first, then each change; last seen is when Ben left."""
    here, there = nodes
    ana = await here.client(pair[0]).arrive()
    assert (await ana.watch(pair[1]))[pair[1]].status == "offline"
    ben = await there.client(pair[1]).arrive()
    await ana.hears(ben.user_id, "online")
    time.now += 5_000
    await ben.leave()
    assert (await ana.hears(ben.user_id, "offline")).last_seen == rfc3339(time.now)


async def test_who_was_never_there_was_never_seen(nodes: Nodes, pair: Pair) -> None:
    """A null, not the epoch."""
    ana = await nodes[0].client(pair[0]).arrive()
    assert (await ana.watch(pair[1]))[pair[1]].last_seen is None


async def test_one_sets_ones_status_and_vanishes_like_one_who_left(
    nodes: Nodes, pair: Pair, time: Time
) -> None:
    """Invisible is offline to others, with nothing that moves on."""
    here, there = nodes
    ana, ben = await here.client(pair[0]).arrive(), await there.client(pair[1]).arrive()
    await ana.watch(ben.user_id)
    await ben.set("away")
    await ana.hears(ben.user_id, "away")
    vanished = rfc3339(time.now)
    await ben.set("invisible")
    assert (await ana.hears(ben.user_id, "offline")).last_seen == vanished
    time.now += 1_000
    await there.presence.renew([ben.caller])
    laptop = await there.client(ben.user_id, "laptop").arrive()
    assert (await ana.watch(ben.user_id))[ben.user_id].last_seen == vanished
    assert await there.presence.arrived(laptop.caller) == "invisible"
    await ben.set("online")
    await ana.hears(ben.user_id, "online")


async def test_who_does_not_show_when_they_were_here_is_only_offline(
    nodes: Nodes, pair: Pair, society: Society
) -> None:
    """Whoever looks, from the moment on at which they choose so."""
    here, there = nodes
    ana, ben = await here.client(pair[0]).arrive(), await there.client(pair[1]).arrive()
    assert (await ana.watch(ben.user_id))[ben.user_id].status == "online"
    await ben.leave()
    assert (await ana.hears(ben.user_id, "offline")).last_seen is not None
    society.hiding.add(ben.user_id)
    await there.presence.changed(ben.user_id)
    assert (await ana.hears(ben.user_id, "offline")).last_seen is None
    assert (await ana.watch(ben.user_id))[ben.user_id].last_seen is None


async def test_an_answer_that_was_overtaken_is_followed_by_how_things_are(
    nodes: Nodes, pair: Pair, society: Society
) -> None:
    """Ben goes away while Ana's list is being read: first the event, the older answer, the event again."""
    here, there = nodes
    ana, ben = await here.client(pair[0]).arrive(), await there.client(pair[1]).arrive()
    society.held_up = go_on = asyncio.Event()
    asking = asyncio.create_task(ana.watch(ben.user_id))
    async with asyncio.timeout(PATIENCE_S):
        while society.held_up is not None:
            await asyncio.sleep(0)
    await here.store.read_many([ben.user_id], 0)  # answered after what Ana is told was read
    await ben.set("away")
    await ana.hears(ben.user_id, "away")
    go_on.set()
    assert (await asking)[ben.user_id].status == "online"
    await ana.hears(ben.user_id, "away")


async def test_queue_and_call_show(nodes: Nodes, pair: Pair, society: Society) -> None:
    """The part that changes them says that something has changed, on any node."""
    here, there = nodes
    ana, ben = await here.client(pair[0]).arrive(), await there.client(pair[1]).arrive()
    await ana.watch(ben.user_id)
    society.waiting.add(ben.user_id)
    await there.presence.changed(ben.user_id)
    await ana.hears(ben.user_id, "queuing")
    society.calling.add(ben.user_id)
    await here.presence.changed(ben.user_id)
    await ana.hears(ben.user_id, "in_call")
    society.calling.clear()
    society.waiting.clear()
    await there.presence.changed(ben.user_id)
    await ana.hears(ben.user_id, "online")


async def test_strangers_are_left_out(nodes: Nodes, pair: Pair) -> None:
    """Neither said nor told later: as if they did not exist; nor oneself."""
    here, there = nodes
    ana, ben = await here.client(pair[0]).arrive(), await there.client(pair[1]).arrive()
    stranger = await there.client(new_id()).arrive()
    seen = await ana.watch(stranger.user_id, ana.user_id, new_id(), ben.user_id, ben.user_id)
    assert list(seen) == [ben.user_id]
    await stranger.leave()
    await ben.leave()
    await ana.hears(ben.user_id, "offline")
    assert here.watches.watched == (ben.user_id,)
    assert ana.heard_nothing


@pytest.mark.parametrize("how", ["never announced", "as a block", "as a connection that ended"])
async def test_a_connection_that_ended_ends_the_view_at_once(
    nodes: Nodes, pair: Pair, society: Society, time: Time, how: str
) -> None:
    """Who may not see any more is told `offline`, and no more; what was just read does not count."""
    here, there = nodes
    ana, ben = await here.client(pair[0]).arrive(), await there.client(pair[1]).arrive()
    cem = await here.client(new_id()).arrive()
    society.friends.add(frozenset((cem.user_id, ben.user_id)))
    await ana.watch(ben.user_id)
    await cem.watch(ben.user_id)
    await ben.set("invisible")
    for watcher in (ana, cem):
        await watcher.hears(ben.user_id, "offline")
    await ben.set("online")
    for watcher in (ana, cem):
        await watcher.hears(ben.user_id, "online")
    society.friends.remove(frozenset(pair))
    if how == "as a block":
        await there.presence.parts(ana.user_id, ben.user_id)
    elif how == "never announced":
        time.now += 1_000
    else:
        here.presence.parted()
    await ben.set("away")
    await cem.hears(ben.user_id, "away")
    assert (await ana.hears(ben.user_id, "offline")).last_seen is None
    assert await ana.watch(ben.user_id) == {}
    await ben.leave()
    await cem.hears(ben.user_id, "offline")
    assert ana.heard_nothing


async def test_a_list_replaces_the_one_before(nodes: Nodes, pair: Pair, society: Society) -> None:
    """What is no longer watched is no longer subscribed."""
    here, there = nodes
    ana, ben = await here.client(pair[0]).arrive(), await there.client(pair[1]).arrive()
    cem = await there.client(new_id()).arrive()
    society.friends.add(frozenset((ana.user_id, cem.user_id)))
    await ana.watch(ben.user_id)
    await ana.watch(cem.user_id)
    await ben.leave()
    await cem.leave()
    await ana.hears(cem.user_id, "offline")
    assert ana.heard_nothing
    assert here.watches.watched == (cem.user_id,)
    assert await ana.watch() == {}
    assert not here.watches.watched


async def test_nothing_is_left_of_a_watcher_who_goes(nodes: Nodes, pair: Pair, redis: Redis) -> None:
    """Neither an entry nor a subscription."""
    here, _ = nodes
    channel = f"presence:{{{pair[1]}}}"
    ana, again = await here.client(pair[0]).arrive(), await here.client(pair[0], "laptop").arrive()
    await ana.watch(pair[1])
    await again.watch(pair[1])
    await ana.leave()
    assert await redis.pubsub_numsub(channel) == [(channel.encode(), 1)]
    await again.leave()
    await nobody_listens(redis, channel)
    assert not here.watches.watched


async def test_who_went_away_while_asking_leaves_nothing(nodes: Nodes, pair: Pair, redis: Redis) -> None:
    """The socket closes at each point of the way of a list into the watches."""
    here, _ = nodes
    channel = f"presence:{{{pair[1]}}}"
    for turns in range(12):
        ana = await here.client(pair[0]).arrive()
        asking = asyncio.create_task(ana.watch(pair[1]))
        for _ in range(turns):
            await asyncio.sleep(0)
        await ana.leave()
        await asyncio.wait_for(asking, PATIENCE_S)
        assert not here.watches.watched
        await nobody_listens(redis, channel)


async def test_two_devices_and_the_one_that_stays(nodes: Nodes, pair: Pair) -> None:
    """Leaving tells which devices are still there; only the last one shows as offline."""
    here, there = nodes
    ana = await here.client(pair[0]).arrive()
    phone = await there.client(pair[1], "phone").arrive()
    laptop = await here.client(pair[1], "laptop").arrive()
    await ana.watch(pair[1])
    assert await there.presence.devices(pair[1]) == {"phone", "laptop"}
    assert await phone.leave() == {"laptop"}
    assert await laptop.leave() == frozenset()
    await ana.hears(pair[1], "offline")
    assert ana.heard_nothing


async def test_the_death_of_a_node_shows_within_the_lease(nodes: Nodes, pair: Pair, time: Time) -> None:
    """Its connections are not renewed any more; another node finds them, once, and tells."""
    here, there = nodes
    ana, ben = await here.client(pair[0]).arrive(), await there.client(pair[1]).arrive()
    await ana.watch(ben.user_id)
    last = rfc3339(time.now)
    time.now += LEASE - 1
    await here.presence.renew([ana.caller])
    assert [gone async for gone in here.presence.expired()] == []
    time.now += 1
    assert [gone async for gone in here.presence.expired()] == [(ben.user_id, "phone")]
    assert (await ana.hears(ben.user_id, "offline")).last_seen == last
    time.now += CLAIM_MS
    await here.presence.renew([ana.caller])
    assert [gone async for gone in here.presence.expired()] == []


async def test_a_lapse_whose_consequences_failed_is_found_again(nodes: Nodes, pair: Pair, time: Time) -> None:
    """The node that found it may die as well."""
    here, there = nodes
    await there.client(pair[1]).arrive()
    time.now += LEASE
    async with aclosing(here.presence.expired()) as finding:
        assert await anext(finding) == (pair[1], "phone")
    assert [gone async for gone in there.presence.expired()] == []
    time.now += CLAIM_MS
    assert [gone async for gone in there.presence.expired()] == [(pair[1], "phone")]


async def test_a_device_that_is_back_on_another_node_has_not_gone(
    nodes: Nodes, pair: Pair, time: Time
) -> None:
    """The client came back before the lease of its dead connection ran out."""
    here, there = nodes
    await there.client(pair[1]).arrive()
    time.now += LEASE - 1
    await here.client(pair[1]).arrive()
    time.now += 1
    assert [gone async for gone in here.presence.expired()] == []
    time.now += CLAIM_MS
    assert await here.presence.devices(pair[1]) == {"phone"}


async def test_a_node_that_was_frozen_brings_its_connections_back(
    nodes: Nodes, pair: Pair, time: Time
) -> None:
    """Others took them for lost; they still are connected, and renewing finds that out."""
    here, there = nodes
    ana, ben = await here.client(pair[0]).arrive(), await there.client(pair[1]).arrive()
    gone = await there.client(pair[1], "laptop").arrive()
    await ana.watch(ben.user_id)
    time.now += LEASE
    await here.presence.renew([ana.caller])
    found = [one async for one in here.presence.expired()]
    assert sorted(found) == [(ben.user_id, "laptop"), (ben.user_id, "phone")]
    await ana.hears(ben.user_id, "offline")
    there.sockets.here.discard(gone.caller.sid)
    for caller in await there.presence.renew([ben.caller, gone.caller]):
        await there.presence.arrived(caller)
    await ana.hears(ben.user_id, "online")
    assert await here.presence.devices(ben.user_id) == {"phone"}


async def test_what_was_announced_while_the_bus_was_away_is_looked_up(
    nodes: Nodes, pair: Pair, redis: Redis
) -> None:
    """Redis drops the subscriptions and Ben leaves meanwhile; on return every watched user is read."""
    here, there = nodes
    ana, ben = await here.client(pair[0]).arrive(), await there.client(pair[1]).arrive()
    await ana.watch(ben.user_id)
    await here.bus.unsubscribe(f"presence:{{{ben.user_id}}}", here.watches._listeners[ben.user_id])
    await ben.leave()
    assert ana.heard_nothing
    for catch_up in here.bus.on_return:
        await catch_up()
    await ana.hears(ben.user_id, "offline")


async def test_changes_that_cross_end_with_how_things_are(nodes: Nodes, pair: Pair) -> None:
    """Many changes at once from both nodes: the last that Ana is told is what is so."""
    here, there = nodes
    ana = await here.client(pair[0]).arrive()
    phone, laptop = await there.client(pair[1]).arrive(), await here.client(pair[1], "laptop").arrive()
    await ana.watch(pair[1])
    for _ in range(10):
        await asyncio.gather(*(c.set(s) for c in (phone, laptop) for s in get_args(OwnStatus)))
    await phone.set("online")
    await phone.set("away")
    last: Status | None = None
    while last != "away":
        async with asyncio.timeout(PATIENCE_S):
            event = await here.sockets.inbox[ana.caller.sid].get()
        assert isinstance(event, PresenceChanged)
        last = event.status
    assert (await ana.watch(pair[1]))[pair[1]].status == "away"


async def test_that_two_part_is_not_taken_for_told_when_it_could_not_be(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ban or block that is not announced is performed again; of an ordinary change the next one tells."""

    def refused(*_: object) -> "asyncio.Future[None]":
        asked = asyncio.get_running_loop().create_future()
        asked.set_exception(ConnectionError("Redis is away"))
        return asked

    monkeypatch.setattr(Bus, "publish", refused)
    await nodes[0].presence.changed(new_id())
    with pytest.raises(ConnectionError):
        await nodes[0].presence.parts(new_id(), new_id())
