"""What can happen to a call: the messages that `signaling/transitions.py` knows."""

from typing import Any

from msgspec import Struct

from core.vocabulary import ReportReason


class CallMessage(Struct, frozen=True, tag=True):
    """Something happened."""


class PartyMessage(CallMessage, frozen=True):
    """Something that one of the two did, or that happened to them."""

    user_id: str


class Accept(PartyMessage, frozen=True):
    device: str


class Decline(PartyMessage, frozen=True):
    pass


class Connected(PartyMessage, frozen=True):
    """Media flows at this side."""

    device: str
    epoch: int


class Restart(PartyMessage, frozen=True):
    device: str
    epoch: int


class Lost(PartyMessage, frozen=True):
    """The last connection of this device has closed, or is silent."""

    device: str


class Back(PartyMessage, frozen=True):
    """The device is connected again."""

    device: str


class Silent(PartyMessage, frozen=True):
    """None of this user's connected devices has answered a ping in time."""


class Hangup(PartyMessage, frozen=True):
    pass


class Skip(PartyMessage, frozen=True):
    """`ticket_id` names the new place in the queue."""

    ticket_id: str


class Report(PartyMessage, frozen=True):
    report_id: str
    reason: ReportReason
    note: str | None = None
    block: bool = True
    evidence_media_id: str | None = None


class Block(PartyMessage, frozen=True):
    """This user blocked the other."""


class Moderate(PartyMessage, frozen=True):
    """This user was banned."""


class Vote(PartyMessage, frozen=True):
    """`connection_id` and `room_id` are for the connection that this vote may make."""

    connect: bool
    connection_id: str
    room_id: str
    feedback: dict[str, Any] | None = None


class Deadline(CallMessage, frozen=True):
    """The call's deadline has passed."""
