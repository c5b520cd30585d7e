"""Chat, and the announcer of stored messages."""

from core.clock import Clock
from db.postgres.outbox import Outbox
from db.postgres.receipts import ReceiptStore
from db.postgres.rooms import Rooms
from services.announcer import Announcer
from services.chat import Chat, loaders
from services.ports import Channels, Events
from services.recent_members import RecentMembers
from services.room_pushes import RoomPushAsking


class Conversations:
    """The use cases of rooms on one node. A node announces itself what it has stored."""

    def __init__(
        self,
        *,
        rooms: Rooms,
        receipts: ReceiptStore,
        outbox: Outbox,
        events: Events,
        channels: Channels,
        max_chars: int,
        edit_window_s: float,
        clock: Clock,
        pushes: RoomPushAsking | None = None,
    ) -> None:
        self.announcer = Announcer(outbox, events, loaders(rooms, clock), pushes.ask if pushes else None)
        self.members = RecentMembers(rooms, channels)
        self.chat = Chat(
            rooms,
            receipts,
            events,
            self.announcer,
            self.members,
            max_chars=max_chars,
            edit_window_s=edit_window_s,
            clock=clock,
        )
