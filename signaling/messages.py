"""What can happen to a call: the messages that `signaling/transitions.py` knows."""

from typing import Any

from msgspec import Struct

from core.vocabulary import ReportReason


class Message(Struct, frozen=True, tag=True):
    """Something happened."""


class ByUser(Message, frozen=True):
    """Something that one of the two did, or that happened to them."""

    user_id: str


class Accept(ByUser, frozen=True):
    device: str


class Decline(ByUser, frozen=True):
    pass


class Connected(ByUser, frozen=True):
    """Media flows at this side."""

    device: str
    epoch: int


class Restart(ByUser, frozen=True):
    device: str
    epoch: int


class Lost(ByUser, frozen=True):
    """The last connection of this device has closed, or is silent."""

    device: str


class Back(ByUser, frozen=True):
    """The device is connected again."""

    device: str


class Silent(ByUser, frozen=True):
    """None of this user's connected devices has answered a ping in time."""


class Hangup(ByUser, frozen=True):
    pass


class Skip(ByUser, frozen=True):
    """`ticket_id` names the new place in the queue."""

    ticket_id: str


class Report(ByUser, frozen=True):
    report_id: str
    reason: ReportReason
    note: str | None = None
    block: bool = True


class Block(ByUser, frozen=True):
    """This user blocked the other."""


class Moderate(ByUser, frozen=True):
    """This user was banned."""


class Vote(ByUser, frozen=True):
    """`connection_id` and `room_id` are for the connection that this vote may make."""

    connect: bool
    connection_id: str
    room_id: str
    feedback: dict[str, Any] | None = None


class Deadline(Message, frozen=True):
    """The call's deadline has passed."""
