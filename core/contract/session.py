"""A connection's life: the state it starts from, its token, its end."""

from typing import Annotated, Literal

from msgspec import Meta

from core.contract.calls import CallView, PendingDecision
from core.contract.profiles import Me
from core.contract.queue import TicketView
from core.vocabulary import DeviceId, OwnStatus, Timestamp
from core.wire.message import Command, Event, Input, Wire

ShortText = Annotated[str, Meta(max_length=200)]
ClientText = Annotated[str, Meta(max_length=100)]


class ClientInfo(Input, forbid_unknown_fields=False):
    """What a client says of itself; what it cannot mean is ignored."""

    name: ClientText | None = None
    version: ClientText | None = None
    platform: ClientText | None = None


class ConnectAuth(Input, forbid_unknown_fields=False):
    """The `auth` of a connection; what else is in it is ignored."""

    token: Annotated[str, Meta(max_length=4096)]
    device_id: DeviceId | None = None
    pid: ShortText | None = None
    offset: ShortText | None = None
    client: ClientInfo | None = None


class Unread(Wire):
    """How much waits to be read."""

    rooms: dict[str, int]
    notifications: int


class SessionReady(Event, event="session:ready"):
    """The first event after every connect: all that a client needs to draw itself again.

    `contract` is the version of the wire contract: a client omits fields of commands that are newer.
    """

    user: Me
    pid: str
    recovered: bool
    contract: str
    server_time: Timestamp
    token_expires_at: Timestamp
    presence: OwnStatus
    ticket: TicketView | None
    call: CallView | None
    pending_decisions: list[PendingDecision]
    unread: Unread


class SessionRevoked(Event, event="session:revoked", volatile=True):
    """This connection is over; the server disconnects after it."""

    code: Literal["signed_out", "banned", "replaced", "token_expired"]


class TokenAccepted(Wire):
    """Until when the new token serves."""

    expires_at: Timestamp


class SessionRefresh(Command, event="session:refresh", reply=TokenAccepted):
    """Put a fresh access token on a live connection."""

    token: Annotated[str, Meta(max_length=4096)]
