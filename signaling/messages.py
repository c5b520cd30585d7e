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
    """Media flows at this side. `path`: how far about it goes and by which protocol, in words of ours."""

    device: str
    epoch: int
    path: tuple[str, str] | None = None


class Restart(PartyMessage, frozen=True):
    """`relay_only`: one of the two wishes for relays by now."""

    device: str
    epoch: int
    relay_only: bool = False


class Direct(PartyMessage, frozen=True):
    """Whether this user agrees that the other may see their address.

    `relay_only`: one of the two wishes, at this moment, that nobody does.
    """

    device: str
    epoch: int
    agree: bool
    relay_only: bool = False


class Lost(PartyMessage, frozen=True):
    """The last connection of this device has closed, or is silent. `left`: its client said that it goes."""

    device: str
    left: bool = False


class Back(PartyMessage, frozen=True):
    """The device is connected again."""

    device: str


class Silent(PartyMessage, frozen=True):
    """None of this user's connected devices has answered a ping in time."""


class Hangup(PartyMessage, frozen=True):
    pass


class Extend(PartyMessage, frozen=True):
    """This user would like to go on for longer."""


class Engaged(CallMessage, frozen=True):
    """Whoever is rung has begun another call."""


class RungBack(PartyMessage, frozen=True):
    """Whoever is called has called the other one just then."""


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
    """This user is out for good: banned, or `left`, as their account is to be deleted."""

    left: bool = False


class Vote(PartyMessage, frozen=True):
    """`connection_id` and `room_id` are for the connection that this vote may make."""

    connect: bool
    connection_id: str
    room_id: str
    feedback: dict[str, Any] | None = None


class Deadline(CallMessage, frozen=True):
    """The call's deadline has passed."""
