"""What a node leaves behind that died, or stops, while it began or changed a call."""

from typing import Any, cast

import pytest
from msgspec.structs import replace
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from core.clock import now_ms
from core.contract.calls import CallMedia
from core.ids import new_id
from db.redis.call_shards import call_keys
from db.redis.logs import WHOLE
from signaling.messages import Restart
from signaling.timeline import read
from tests.calls.nodes import REGION, CallNode
from tests.stores.world import World

SEEN = {"direct": 15_000, "echo": 15_000, "match": 65_000}


@pytest.mark.parametrize("origin", SEEN)
async def test_who_was_put_on_record_and_no_further_is_free_again(
    world: World, node: CallNode, origin: Any
) -> None:
    """Soon, where it is one's own call alone. Of a match two wait, so its node is given a minute."""
    ana, ben = await world.pair()
    now, eligibility = now_ms(), cast("Any", node.services.queue._eligibility)
    eligibility._clock = lambda: now  # it stands, however busy the machine
    node.stores.events.logs.known[WHOLE] = replace(node.stores.events.logs.of(""), born=now - 100_000)
    for ago_ms, busy in ((5_000, True), (SEEN[origin], False)):
        at = now - ago_ms
        call_id = new_id(at)
        if origin == "direct":
            connection = await world.connected((ana, ben))
            await node.stores.direct_calls.ring(
                call_id, connection_id=connection.id, inviter=ana, mode="voice", region=REGION, now=at
            )
        else:
            users = (ana,) if origin == "echo" else (ana, ben)
            await node.stores.call_records.offer(
                call_id, origin=origin, mode="voice", region=REGION, users=users, now=at
            )
        found = await eligibility.active_call(ana)
        assert found == (call_id if busy else None)
        await world.end(call_id)


async def test_what_clients_have_said_goes_with_the_next_change_where_one_cannot_be_saved(
    world: World, node: CallNode, redis: Redis
) -> None:
    """Redis refuses the one: by then it was taken out of what waits."""
    ana, ben = await world.pair()
    call = await node.live((ana, ben))
    service = node.services.call_service
    service._recorder.media(ana, CallMedia(call_id=call.id, audio=False, video=True))
    kept, *_ = call_keys(call.id)
    aside = f"{kept}:aside"
    await redis.rename(kept, aside)
    await redis.set(kept, "something else")
    with pytest.raises(ResponseError):
        await service.tell(call.id, Restart(ana, f"phone of {ana}", 1))
    await redis.rename(aside, kept)
    await service.tell(call.id, Restart(ana, f"phone of {ana}", 1))
    kinds = [note.kind for note in read(await node.stores.live_timelines.read(call.id))]
    assert "media" in kinds


async def test_what_a_node_has_begun_by_itself_ends_with_it(node: CallNode) -> None:
    service = node.services.call_service
    service._engaged(new_id())
    assert len(service._tasks) == 1
    await service.close()
    assert len(service._tasks) == 0
