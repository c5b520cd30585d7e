"""An announcement that has its turn among others: pure data that the outbox and the event log share."""

from msgspec import Struct

from core.wire.message import Event


class NumberedEvent(Struct, frozen=True):
    """An event for this user: number `number` of its lane, to be told after number `before` (0: any time)."""

    user_id: str
    event: Event
    lane: str
    number: int
    before: int
