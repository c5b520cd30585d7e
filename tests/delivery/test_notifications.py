"""Notifications and the event log: what was stored while Redis was away is announced, in order and once."""

import asyncio

from core.clock import now_ms
from core.contract.notifications import NotificationNew, NotificationRead, ReadNotifications
from core.notices import Notice
from db.postgres.notifications import OUTBOX
from db.postgres.outbox import Outbox
from services.announcer import Announcer
from services.notifications import Notifications, loaders
from tests.heard import Heard
from tests.patience import PATIENCE_S
from tests.stores.world import World


class Node:
    """What one node announces, to all who hear."""

    def __init__(self, world: World, heard: Heard) -> None:
        self.announcer = Announcer(Outbox(world.pool, OUTBOX), heard, loaders(world.notifications, now_ms))
        self.notifications = Notifications(world.notifications, heard, self.announcer)

    async def look(self) -> None:
        """Twice, as it does when something is left; and clear what all were told."""
        for _ in range(2):
            await self.announcer.look()
        await self.announcer.clear()


async def tell(world: World, user_id: str, title: str) -> str:
    told = await world.notifications.tell(Notice(user_id=user_id, kind="system", title=title), now_ms())
    return str(told)


def counts(heard: Heard, user_id: str) -> list[int]:
    return [each.unread for each in heard.by(user_id, NotificationNew)]


def titles(heard: Heard, user_id: str) -> list[str]:
    return [each.notification.title for each in heard.by(user_id, NotificationNew)]


async def test_what_was_stored_while_redis_was_away_is_told_when_it_is_back(world: World) -> None:
    """And reading it is no error meanwhile."""
    heard = Heard()
    node, ana = Node(world, heard), await world.person()
    heard.down = True
    first = await tell(world, ana, "first")
    await node.notifications.hurry(ana)
    assert await node.notifications.read(ana, ReadNotifications(ids=[first]), now_ms()) == 0
    await tell(world, ana, "second")
    assert heard.by(ana, NotificationNew) == []
    heard.down = False
    await node.look()
    assert (titles(heard, ana), counts(heard, ana)) == (["first", "second"], [1, 1])
    [read] = heard.by(ana, NotificationRead)
    assert (read.ids, read.all, read.unread) == ([first], None, 1)
    assert await Outbox(world.pool, OUTBOX).of_lane(ana, 0, 10) == []


async def test_two_nodes_tell_it_once_and_in_order(world: World) -> None:
    """Whichever comes first; also what a third has stored and left."""
    heard, ana = Heard(), await world.person()
    nodes = Node(world, heard), Node(world, heard)
    await tell(world, ana, "0")
    async with asyncio.timeout(PATIENCE_S):
        for n in range(1, 6):
            await tell(world, ana, str(n))
            await asyncio.gather(*(node.notifications.hurry(ana) for node in nodes))
        await asyncio.gather(*(node.look() for node in nodes))
    assert titles(heard, ana) == ["0", "1", "2", "3", "4", "5"]


async def test_what_is_over_before_it_is_told_is_not_told(world: World) -> None:
    """It keeps its number: what comes after is told."""
    heard, ana, ben = Heard(), *await world.pair()
    await world.notifications.tell(
        Notice(user_id=ana, kind="friend_accepted", title="{name}", about=ben), now_ms()
    )
    await world.block(ben, ana)
    await tell(world, ana, "after")
    await (node := Node(world, heard)).notifications.hurry(ana)
    await node.look()  # on a busy machine it was given up
    assert titles(heard, ana) == ["after"]
