"""A master of Redis dies with what its replica has not heard of: the next one tells it again."""

import asyncio
import contextlib
from collections.abc import Sequence

import msgspec
import pytest

from composition.chat import Conversations
from core.clock import now_ms
from core.contract.chat import ChatMessage, ChatSend
from core.errors import Unavailable
from core.numbered_event import NumberedEvent
from db.outage import AWAY
from db.postgres.outbox import Outbox
from db.postgres.receipts import ReceiptStore
from db.redis.event_log import EventId, EventLog
from db.redis.multiplexed import open_redis_client
from tests.chat.conftest import MAX_CHARS, ChatScene
from tests.heard import Heard
from tests.machines.redis_cluster import redis_cluster
from tests.patience import PATIENCE_S


async def test_what_no_replica_has_yet_is_told_again_after_a_failover(talk: ChatScene) -> None:
    """It is acknowledged and was announced; the outbox keeps it until a replica knows that."""
    async with (
        redis_cluster() as cluster,
        open_redis_client(cluster.urls[2], patience_s=20) as redis,
        contextlib.AsyncExitStack() as frozen,
    ):
        async with asyncio.timeout(PATIENCE_S):
            while len(redis._servers.replicated) < 3:  # servers hear of each other's replicas in time
                await redis.command("PING")
                redis.keep_up()
        log, outbox = EventLog(redis, keep=50, keep_s=300), Outbox(talk.world.pool)
        node = Conversations(
            rooms=talk.world.rooms, outbox=outbox, events=log, channels=talk.channels,
            max_chars=MAX_CHARS, edit_window_s=60, receipts=ReceiptStore(talk.world.pool), clock=now_ms,
        )  # fmt: skip
        await node.chat.send(talk.ben, ChatSend(room_id=talk.room_id, client_id="1", content="1"))
        await node.announcer.clear()
        assert await outbox.of_lane(talk.room_id, 0, 9) == []
        master = await cluster.owner(f"events:{{{talk.ana}}}")
        for number in range(3):
            frozen.enter_context(cluster.servers[number + 3].frozen())
            await cluster.tell(number, "CLIENT KILL", "TYPE", "REPLICA")
        await node.chat.send(talk.ben, ChatSend(room_id=talk.room_id, client_id="2", content="2"))
        clearing = asyncio.create_task(node.announcer.clear())
        await cluster.until(1, master, "INFO", "clients", told=lambda about: about["blocked_clients"])
        await cluster.kill(master)
        await frozen.aclose()
        await cluster.succeed(master + 3)
        with contextlib.suppress(*AWAY):
            await clearing
        async with asyncio.timeout(PATIENCE_S):
            while await told(log, talk.ana) != ["1", "2"] or await outbox.of_lane(talk.room_id, 0, 9):
                with contextlib.suppress(*AWAY):
                    await node.announcer.look()
                    await node.announcer.clear()
        assert await told(log, talk.ben) == ["1", "2"]


async def told(log: EventLog, user_id: str) -> list[str | None]:
    """What this user would read."""
    with contextlib.suppress(*AWAY):
        events = await log.after(user_id, EventId(0, 0))
        return [msgspec.json.decode(each.data, type=ChatMessage).message.content for each in events]
    return []


class Failing(Heard):
    """While it `fails`, whoever is told forgets it again before that is answered, and another takes over."""

    fails = False

    async def announce(self, numbered: Sequence[NumberedEvent]) -> list[int | None]:
        before = dict(self._told)
        answers = await super().announce(numbered)
        if self.fails:
            self._told, self.generation = before, self.generation + 1
        return answers


@pytest.mark.parametrize("left", [False, True], ids=["told at once", "found by a look"])
async def test_what_was_told_before_a_failover_is_told_again_though_it_was_answered_after_it(
    talk: ChatScene, left: bool
) -> None:
    """Of several servers that are told, one may answer and die while another still works."""
    events, outbox = Failing(), Outbox(talk.world.pool)
    node = Conversations(
        rooms=talk.world.rooms, outbox=outbox, events=events, channels=talk.channels,
        max_chars=MAX_CHARS, edit_window_s=60, receipts=ReceiptStore(talk.world.pool), clock=now_ms,
    )  # fmt: skip
    events.down, events.fails = left, True
    await node.chat.send(talk.ben, ChatSend(room_id=talk.room_id, client_id="1", content="1"))
    events.down = False
    if left:
        await node.announcer.look()
    with pytest.raises(Unavailable):
        await node.announcer.clear()
    events.fails = False
    for _ in range(2):  # what a look finds for the first time may just be on its way
        await node.announcer.look()
    await node.announcer.clear()
    assert await outbox.of_lane(talk.room_id, 0, 9) == []
    assert [told.message.content for told in events.by(talk.ana, ChatMessage)] == ["1", "1"]
