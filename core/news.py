"""An announcement that has its turn among others: pure data that the outbox and the event road share."""

from msgspec import Struct

from core.wire.message import Event


class News(Struct, frozen=True):
    """To be told to this user as number `number` of its lane, after its `before` (0: after anything)."""

    user_id: str
    event: Event
    lane: str
    number: int
    before: int
