"""What those are told whose claim the fence refuses: nobody hears `moderated` who was not."""

from functools import partial
from typing import Any

from msgspec.structs import replace

from db.postgres.call_records import Admitted, CallRecords, Refusal
from db.redis.event_log import EventId
from signaling.messages import Hangup
from tests.calls.nodes import CallNode
from tests.stores.town import Town
from tests.stores.world import World


async def reasons(node: CallNode, user_id: str) -> list[str]:
    """Why this user has left the queue, as they were told."""
    told = await node.stores.events.after(user_id, EventId(0, 0))
    return [t.data.decode().partition('"reason":"')[2].rstrip('"}') for t in told if t.name == "queue:left"]


class EndsMeanwhile(CallRecords):
    """The real fence; what keeps somebody busy ends as soon as it has refused them."""

    def __init__(self, node: CallNode, world: World, call_id: str, user_id: str) -> None:
        super().__init__(world.pool)
        self._end = partial(node.services.call_service.tell, call_id, Hangup(user_id))

    async def offer(self, *given: Any, **more: Any) -> Refusal | Admitted:
        refusal = await super().offer(*given, **more)
        await self._end()
        return refusal


async def test_whose_other_call_ends_meanwhile_is_not_told_of_moderation(
    world: World, node: CallNode
) -> None:
    """They were matched when the fence looked, and are free when they are told."""
    ana, ben = await world.pair()
    cem = await world.person("Cem")
    other = await node.live((ana, cem))
    claim = await node.claim((ana, ben))
    offers: Any = node.services.matchmaker._offers
    offers._record = EndsMeanwhile(node, world, other.id, cem)
    await node.services.matchmaker.finish([claim])
    assert await node.stores.calls.load(claim.call_id) is None
    assert await reasons(node, ana) == ["matched"]
    assert await reasons(node, ben) == []


async def test_who_is_trusted_again_is_not_told_of_moderation(world: World, node: CallNode) -> None:
    """They queued as a suspect and are none any more; the other, who is, keeps the place."""
    town = Town(world)
    ana, ben = users = await world.pair()
    claim = await node.claim(users)
    first, second = (replace(ticket, tier="suspect") for ticket in (claim.first, claim.second))
    claim = replace(claim, first=first, second=second)
    await town.place(ben, "suspect")
    await node.services.matchmaker.finish([claim])
    assert await reasons(node, ana) == ["left"]
    assert await reasons(node, ben) == []


async def test_who_is_banned_is(world: World, node: CallNode) -> None:
    ana, ben = users = await world.pair()
    claim = await node.claim(users)
    await world.ban(ana)
    await node.services.matchmaker.finish([claim])
    assert await reasons(node, ana) == ["moderated"]
    assert await reasons(node, ben) == []
