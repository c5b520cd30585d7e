"""Messages as the product stores them: what is said at the same time on a node is one statement."""

from collections.abc import Sequence

from msgspec import Struct

from core.clock import now_ms
from core.contract.chat import Message
from core.ids import new_id
from db.postgres.drafts import Draft
from db.postgres.grouped_statement import GroupedStatement
from db.postgres.rooms import Rooms, StoredMessage


def drafted(room_id: str, sender: str, content: str) -> Draft:
    """A text under a fresh client id."""
    return Draft(
        id=new_id(),
        room_id=room_id,
        sender_id=sender,
        client_id=new_id(),
        type="text",
        content=content,
        reply_to=None,
        created_at=now_ms(),
    )


class Said(Struct, frozen=True):
    """A message that was stored; with nobody to tell, before."""

    message: Message
    members: Sequence[str] = ()
    number: int | None = None


class Saying:
    """For several nodes, each with its `Rooms`."""

    def __init__(self) -> None:
        self._nodes: dict[Rooms, GroupedStatement[Draft, StoredMessage | None]] = {}

    async def say(self, rooms: Rooms, draft: Draft) -> Said:
        """Raises why it may not be said."""
        node = self._nodes.setdefault(rooms, GroupedStatement(rooms.say))
        stored: StoredMessage | None = await node.ask(draft)
        if stored is None:
            return Said(await rooms.said_before(draft))
        return Said(stored.message, stored.members, stored.number)
