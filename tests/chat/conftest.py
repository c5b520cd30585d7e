"""Ana and Ben, connected, with chat on the real stores and an event log that remembers."""

from collections.abc import AsyncIterator, Callable

import pytest
from msgspec import Struct

from composition.chat import Conversations
from core.clock import Clock, now_ms
from db.postgres.connections import ConnectionRow
from db.postgres.outbox import Outbox
from db.postgres.receipts import ReceiptStore
from services.announcer import Announcer
from services.chat import Chat
from services.connections import Connections
from services.recent_members import ROOM_ENDED
from tests.conftest import NewDatabase
from tests.heard import Heard
from tests.patience import PATIENCE_S
from tests.stores.world import World, world_at

MAX_CHARS = 40


class ChatScene(Struct):
    """Two people in their room, and the handlers they speak to."""

    world: World
    heard: Heard
    channels: "LocalChannels"
    announcer: Announcer
    chat: Chat
    connections: Connections
    connection: ConnectionRow
    ana: str
    ben: str

    @property
    def room_id(self) -> str:
        return self.connection.room_id

    def an_announcer(self) -> Announcer:
        """As another node has it."""
        return node_on(self.world, self.heard, self.channels).announcer

    def another_node(self) -> Chat:
        return node_on(self.world, self.heard, self.channels).chat


class LocalChannels:
    """The bus, for nodes in this process: everybody hears at once."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[bytes], None]] = []

    async def publish(self, channel: str, message: bytes) -> None:
        assert channel == ROOM_ENDED
        for listener in self.listeners:
            listener(message)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Telling is given up after a second, and left to a look: on a busy machine that is soon over."""
    monkeypatch.setattr("services.announcer._AT_MOST_S", PATIENCE_S)


def node_on(
    world: World,
    heard: Heard,
    channels: LocalChannels,
    *,
    edit_window_s: float = 900,
    clock: Clock = now_ms,
) -> Conversations:
    """Chat as one node has it."""
    node = Conversations(
        rooms=world.rooms,
        receipts=ReceiptStore(world.pool),
        outbox=Outbox(world.pool),
        events=heard,
        channels=channels,
        max_chars=MAX_CHARS,
        edit_window_s=edit_window_s,
        clock=clock,
    )
    channels.listeners.append(node.members.forget)
    return node


@pytest.fixture(scope="session")
async def chat_database_url(new_database: NewDatabase) -> str:
    """A database on which no product runs, which would announce what the tests leave."""
    return await new_database()


@pytest.fixture
async def talk(chat_database_url: str, migrated: set[str]) -> AsyncIterator[ChatScene]:
    async with world_at(chat_database_url, migrated=chat_database_url in migrated) as world:
        migrated.add(chat_database_url)
        ana, ben = await world.person("Ana"), await world.person("Ben")
        heard, channels = Heard(), LocalChannels()
        node = node_on(world, heard, channels)
        yield ChatScene(
            world=world,
            heard=heard,
            channels=channels,
            announcer=node.announcer,
            chat=node.chat,
            connections=Connections(world.connections, heard, node.members, clock=now_ms),
            connection=await world.connected((ana, ben)),
            ana=ana,
            ben=ben,
        )
