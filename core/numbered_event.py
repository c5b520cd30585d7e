"""An announcement that has its turn among others: pure data that the outbox and the event log share."""

from collections.abc import Sequence

from msgspec import Struct

from core.wire.message import Event


class NumberedEvent(Struct, frozen=True):
    """An event for these users: number `number` of its lane, told after number `before` (0: any time).

    It `ends` these other lanes: nothing more is told in them, whatever is still on its way.
    """

    user_ids: Sequence[str]
    event: Event
    lane: str
    number: int
    before: int
    ends: Sequence[str] = ()
