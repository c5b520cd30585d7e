"""Messages as the product stores them: what is said at the same time on a node is one statement."""

from collections.abc import Sequence

from msgspec import Struct

from core.contract.chat import Message
from db.postgres.grouped_statement import GroupedStatement
from db.postgres.rooms import Draft, Rooms, StoredMessage


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
