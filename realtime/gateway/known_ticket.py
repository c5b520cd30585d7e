"""The ticket that a client was told it has, so that it can be told if Redis has lost it."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from db.redis.event_log import Announcement

SAY_WHICH_TICKET = frozenset({"queue:left", "call:ended"})


class _Ticket(Struct, frozen=True):
    id: str


class _OfTicket(Struct, frozen=True):
    ticket: _Ticket | None = None
    ticket_id: str = ""


_read = msgspec.json.Decoder(_OfTicket).decode


class KnownTicket:
    """`ticket_id` of one connection's client, or None."""

    def __init__(self) -> None:
        self.ticket_id: str | None = None
        self._left = ""

    def told(self, ticket_id: str | None) -> None:
        """`session:ready` or an acknowledgement named this ticket, perhaps after an event that it is over."""
        if ticket_id != self._left:
            self.ticket_id = ticket_id

    def hear(self, announcement: Announcement) -> None:
        """An event was sent; any may come here."""
        if announcement.name == "queue:left":
            self._left = _read(announcement.data).ticket_id
            if self.ticket_id == self._left:
                self.ticket_id = None
        elif announcement.name == "call:ended":
            ticket = _read(announcement.data).ticket
            if ticket is not None:
                self.told(ticket.id)

    def answered(self, answer: Mapping[str, Any]) -> None:
        """A command was acknowledged; any may come here."""
        if ticket := answer.get("data", {}).get("ticket"):
            self.told(ticket["id"])
