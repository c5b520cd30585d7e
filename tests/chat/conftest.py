"""Ana and Ben, connected, with chat on the real stores and an event road that remembers."""

from collections.abc import AsyncIterator

import pytest
from msgspec import Struct

from core.clock import now_ms
from core.ids import new_id
from db.encounters import ConnectionRow
from realtime.chat import Chat
from realtime.connections import Connections
from realtime.gateway.caller import Caller
from tests.chat.heard import Heard
from tests.stores.world import World, world_at

MAX_CHARS = 40


class Talk(Struct):
    """Two people in their room, and the handlers they speak to."""

    world: World
    heard: Heard
    chat: Chat
    connections: Connections
    connection: ConnectionRow
    ana: Caller
    ben: Caller

    @property
    def room_id(self) -> str:
        return self.connection.room_id


def caller(user_id: str) -> Caller:
    """A live connection of this user."""
    return Caller(user_id=user_id, session_id=new_id(), device=new_id(), sid=new_id())


@pytest.fixture
async def talk(database_url: str) -> AsyncIterator[Talk]:
    async with world_at(database_url) as world:
        ana, ben = await world.person("Ana"), await world.person("Ben")
        heard = Heard()
        yield Talk(
            world=world,
            heard=heard,
            chat=Chat(world.rooms, heard, max_chars=MAX_CHARS, clock=now_ms),
            connections=Connections(world.encounters, heard, clock=now_ms),
            connection=await world.connected((ana, ben)),
            ana=caller(ana),
            ben=caller(ben),
        )
