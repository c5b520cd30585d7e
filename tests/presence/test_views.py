"""What a node has just read of watched users: it serves for a second, and never against a block."""

import asyncio

import redis

from core.clock import rfc3339
from core.ids import new_id
from tests.patience import PATIENCE_S
from tests.presence.nodes import PresenceNode, Society, Time

Nodes = tuple[PresenceNode, PresenceNode]
Pair = tuple[str, str]


async def test_what_was_just_read_is_not_asked_again(
    nodes: Nodes, pair: Pair, society: Society, time: Time
) -> None:
    """For a second: which status was chosen is told with what is known besides, and so is a list again."""
    here, there = nodes
    ana, ben = await here.client(pair[0]).arrive(), await there.client(pair[1]).arrive()
    society.waiting.add(ben.user_id)
    await ana.watch(ben.user_id)
    await ben.set("invisible")
    await ana.hears(ben.user_id, "offline")
    society.asked.clear()
    for _ in range(5):
        await ben.set("online")
        assert (await ana.hears(ben.user_id, "queuing")).last_seen == rfc3339(time.now)
        await ben.set("invisible")
        await ana.hears(ben.user_id, "offline")
    assert not society.asked
    assert (await ana.watch(ben.user_id))[ben.user_id].status == "offline"
    assert not society.asked
    society.waiting.clear()  # never announced: as by a node that died
    time.now += 1_000
    await ben.set("online")
    await ana.hears(ben.user_id, "online")
    society.asked.clear()
    society.waiting.add(ben.user_id)
    assert (await ana.watch(ben.user_id))[ben.user_id].status == "online"
    time.now += 1_000
    for _ in range(2):
        assert (await ana.watch(ben.user_id))[ben.user_id].status == "queuing"
    assert society.asked == {"who may see": 1, "who is in a call": 1, "who hides": 1}


async def test_who_blocks_meanwhile_is_not_on_the_list_again(
    nodes: Nodes, pair: Pair, society: Society, redis_url: str
) -> None:
    """What another node told before it acknowledged the block counts, though nobody here has read it."""
    here, there = nodes
    ana, ben = await here.client(pair[0]).arrive(), await there.client(pair[1]).arrive()
    await here.bus.subscribe("apart", here.presence.parted)
    for _ in range(2):
        assert list(await ana.watch(ben.user_id)) == [ben.user_id]
    society.friends.remove(frozenset(pair))
    with redis.Redis.from_url(redis_url) as elsewhere:  # which lets nothing else happen meanwhile
        elsewhere.publish("apart", b"")
    assert await ana.watch(ben.user_id) == {}
    await ben.set("away")
    assert await ana.watch() == {}
    assert ana.heard_nothing


async def test_where_news_may_be_missing_they_are_asked_about(
    nodes: Nodes, pair: Pair, society: Society, redis_url: str
) -> None:
    """The connection that brings the news breaks while one waits for all of it."""
    here, there = nodes
    ana, ben = await here.client(pair[0]).arrive(), await there.client(pair[1]).arrive()
    await ana.watch(ben.user_id)
    await ana.watch(ben.user_id)
    society.friends.remove(frozenset(pair))  # told while nobody listens
    cut_buses(redis_url)
    assert await ana.watch(ben.user_id) == {}


def cut_buses(redis_url: str) -> None:
    """At once, and of this database of Redis alone: others on the same server listen too."""
    with redis.Redis.from_url(redis_url) as elsewhere:
        own = elsewhere.client_info()["db"]
        buses = [client["id"] for client in elsewhere.client_list(_type="pubsub") if int(client["db"]) == own]
        assert len(buses) == 2
        for each in buses:
            elsewhere.client_kill_filter(_id=each)


async def test_a_list_with_a_stranger_is_asked_again(nodes: Nodes, pair: Pair, society: Society) -> None:
    """Who was left out may have become a friend."""
    here, there = nodes
    ana, ben = await here.client(pair[0]).arrive(), await there.client(pair[1]).arrive()
    cem = await there.client(new_id()).arrive()
    for _ in range(3):
        assert list(await ana.watch(ben.user_id, cem.user_id)) == [ben.user_id]
    society.friends.add(frozenset((ana.user_id, cem.user_id)))
    assert list(await ana.watch(ben.user_id, cem.user_id)) == [ben.user_id, cem.user_id]


async def test_who_comes_to_watch_is_asked_about(nodes: Nodes, pair: Pair, society: Society) -> None:
    """That Ana may see Ben says nothing about others."""
    here, there = nodes
    ana, ben = await here.client(pair[0]).arrive(), await there.client(pair[1]).arrive()
    cem, dua = await here.client(new_id()).arrive(), await here.client(new_id()).arrive()
    society.friends.add(frozenset((cem.user_id, ben.user_id)))
    await ana.watch(ben.user_id)
    await ben.set("away")
    await ana.hears(ben.user_id, "away")
    assert await dua.watch(ben.user_id) == {}
    await cem.watch(ben.user_id)
    await ben.set("online")
    for friend in (ana, cem):
        await friend.hears(ben.user_id, "online")
    assert dua.heard_nothing


async def test_what_is_found_while_there_is_news_is_not_kept(
    nodes: Nodes, pair: Pair, society: Society
) -> None:
    """A block while it is read who may see Ben: the answer from before it counts no more."""
    here, there = nodes
    ana, ben = await here.client(pair[0]).arrive(), await there.client(pair[1]).arrive()
    await ana.watch(ben.user_id)
    society.held_up = go_on = asyncio.Event()
    again = asyncio.create_task(ana.watch(ben.user_id))
    async with asyncio.timeout(PATIENCE_S):
        while society.held_up is not None:
            await asyncio.sleep(0)
    society.friends.remove(frozenset(pair))
    await there.presence.changed(ben.user_id)
    await ana.hears(ben.user_id, "offline")
    go_on.set()
    assert (await again)[ben.user_id].status == "online"
    await ben.set("away")
    assert (await ana.hears(ben.user_id, "offline")).last_seen is None
    assert ana.heard_nothing
