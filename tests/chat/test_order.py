"""Two nodes on the real stores: what both store at once is told to all in the order of `seq`, once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import msgspec
import pytest

from composition.chat import Conversations
from core.clock import now_ms
from core.contract.chat import ChatMessage, ChatSend
from db.postgres.outbox import Outbox
from db.postgres.receipts import ReceiptStore
from db.redis.event_log import EventId, EventLog
from db.redis.multiplexed import open_redis_client
from tests.chat.conftest import MAX_CHARS, ChatScene
from tests.patience import PATIENCE_S
from tests.stores.world import world_at

EACH, AT_ONCE = 1000, 25


@pytest.fixture
async def nodes(
    chat_database_url: str, redis_url: str, talk: ChatScene
) -> AsyncIterator[tuple[Conversations, Conversations]]:
    """Each with connections of its own."""
    async with AsyncExitStack() as stack:

        async def node() -> Conversations:
            world = await stack.enter_async_context(world_at(chat_database_url))
            redis = await stack.enter_async_context(open_redis_client(redis_url))
            return Conversations(
                rooms=world.rooms,
                receipts=ReceiptStore(world.pool),
                outbox=Outbox(world.pool),
                events=EventLog(redis, keep=4 * EACH, keep_s=300),
                channels=talk.channels,
                max_chars=MAX_CHARS,
                edit_window_s=60,
                clock=now_ms,
            )

        yield await node(), await node()


async def test_both_hear_what_two_nodes_store_in_the_order_of_seq(
    talk: ChatScene, nodes: tuple[Conversations, Conversations], redis_url: str
) -> None:
    """Both write without a pause, each on a node of their own; nothing is missing, nothing comes twice."""

    async def write(node: Conversations, user_id: str, lane: int) -> None:
        for n in range(EACH // AT_ONCE):
            said = ChatSend(room_id=talk.room_id, client_id=f"{lane}-{n}", content="hello")
            await node.chat.send(user_id, said)

    here, there = nodes
    async with asyncio.timeout(2 * PATIENCE_S):
        await asyncio.gather(
            *(write(here, talk.ana, lane) for lane in range(AT_ONCE)),
            *(write(there, talk.ben, lane) for lane in range(AT_ONCE)),
        )
    for node in nodes:
        for _ in range(2):
            await node.announcer.look()  # what a busy machine has not told in time
    async with open_redis_client(redis_url) as redis:
        log = EventLog(redis, keep=4 * EACH, keep_s=300)
        for member in (talk.ana, talk.ben):
            told = [
                msgspec.json.decode(each.data, type=ChatMessage).message.seq
                for each in await log.after(member, EventId(0, 0))
            ]
            assert told == list(range(1, 2 * EACH + 1))
