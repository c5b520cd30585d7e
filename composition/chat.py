"""Chat, and the announcer of stored messages."""

from functools import partial

from core.clock import Clock
from core.contract.chat import ChatMessage
from db.postgres.outbox import Outbox
from db.postgres.rooms import Rooms
from services.announcer import Announcer
from services.chat import Chat, announcements
from services.ports import Channels, Events
from services.recent_members import RecentMembers


class Conversations:
    """The use cases of rooms on one node. A node announces itself what it has stored."""

    def __init__(
        self,
        *,
        rooms: Rooms,
        outbox: Outbox,
        events: Events,
        channels: Channels,
        max_chars: int,
        clock: Clock,
    ) -> None:
        self.announcer = Announcer(outbox, events, {ChatMessage.event: partial(announcements, rooms, clock)})
        self.members = RecentMembers(rooms, channels)
        self.chat = Chat(rooms, events, self.announcer, self.members, max_chars=max_chars, clock=clock)
