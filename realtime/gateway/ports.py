"""What the gateway needs of the packages above it, as interfaces."""

from collections.abc import Mapping
from typing import Protocol

from core.contract.session import SessionReady
from core.contract.sessions import SessionClient
from realtime.gateway.caller import Caller
from realtime.gateway.connection import Connection
from services.marks import Sighting


class Lifecycle(Protocol):
    """What the coming and going of connections means to presence, queue and calls."""

    async def arrived(self, caller: Caller) -> None:
        """A connection that was silent answers again."""

    async def ready(self, connection: Connection) -> SessionReady:
        """A connection has begun, and was sent nothing yet. Gives the state that its client starts with."""

    async def departed(self, caller: Caller, *, signed_out: bool = False, left: bool = False) -> None:
        """A connection has closed. `signed_out`: its session has ended, so nobody comes back to it.

        `left`: its client has said that it goes.
        """

    async def sent_away(self, caller: Caller) -> None:
        """A connection was closed because this node ends: its client is expected on another one."""

    async def silent(self, caller: Caller) -> None:
        """A connection is open, but does not answer: it counts as gone until it has `arrived` again."""

    async def revoked(self, caller: Caller) -> str | None:
        """Why the session of this connection is over, or None while it is not."""


class ClientsQueue(Protocol):
    """Notes with which app each session connects."""

    def add(self, session_id: str, client: SessionClient) -> None:
        """It has connected. It is noted in the background."""


class Receipts(Protocol):
    """Notes what was delivered."""

    def replayed(self, user_id: str, seqs: Mapping[str, int]) -> None:
        """A connection was sent what it had missed of these rooms. It is noted in the background."""


class SightingsQueue(Protocol):
    """Notes with what accounts connect."""

    def add(self, sighting: Sighting) -> None:
        """Somebody has connected. It is noted in the background."""
