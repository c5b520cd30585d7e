"""Who is to be searched for next, and what nodes that do not search tell the process that does."""

import asyncio

import msgspec

from core.ticket import Ticket
from realtime.matchmaking.arrivals import AnnouncedSearches, Arrivals
from realtime.matchmaking.search_queue import Joined, SearchQueue
from tests.matching.people import T0, ticket


async def test_what_a_join_has_seen_goes_with_the_arrival() -> None:
    """The process that matches has heard of all who joined, and asks the store for nothing of them."""
    heard: list[bytes] = []

    def publish(_channel: str, message: bytes) -> asyncio.Future[None]:
        heard.append(message)
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        told.set_result(None)
        return told

    search_queue, kept = SearchQueue(), list[Ticket]()
    arrivals = Arrivals(search_queue, kept.append)
    arrivals.on_duty = True
    announced = AnnouncedSearches(publish, "main", lambda: T0)
    ana, ben = ticket(), ticket()
    announced.add(ana, Joined(frozenset({"eve"}), (ben.id.encode(),), T0))
    announced.add(ben, Joined(frozenset(), None, T0))
    announced.add(cal := ticket())
    for message in heard:
        arrivals.heard(message)
    assert await search_queue.next() == (ana, Joined(frozenset({"eve"}), (ben.id.encode(),), T0))
    assert await search_queue.next() == (ben, Joined(frozenset(), None, T0))
    assert await search_queue.next() == (cal, None)
    assert kept == [ana, ben, cal]


async def test_an_arrival_that_a_node_of_before_tells_is_searched_for() -> None:
    """It says whom to avoid, and nobody whom it saw."""
    ana = ticket()
    before = msgspec.msgpack.encode({"ticket": ana, "avoid": ["eve"], "at": T0})
    search_queue = SearchQueue()
    arrivals = Arrivals(search_queue, lambda _: None)
    arrivals.on_duty = True
    arrivals.heard(before)
    assert await search_queue.next() == (ana, Joined(frozenset({"eve"}), None, T0))


async def test_a_new_seeker_wakes_one_of_those_who_wait() -> None:
    """And none is lost when the one that is woken has gone."""
    queue = SearchQueue()
    waiting = [asyncio.create_task(queue.next()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.wait(waiting[:1])
    queue.add(one := ticket())
    done, still = await asyncio.wait(waiting[1:], return_when=asyncio.FIRST_COMPLETED)
    assert [task.result()[0] for task in done] == [one]
    assert len(still) == 1
    queue.add(other := ticket())
    assert (await still.pop())[0] == other
