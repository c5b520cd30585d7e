"""What the gateway tells the rest of the house, which stands above it."""

from typing import Protocol

from core.contract.session import SessionReady
from realtime.gateway.connection import Connection
from services.caller import Caller


class Lifecycle(Protocol):
    """What the coming and going of connections means to presence, queue and calls."""

    async def arrived(self, caller: Caller) -> None:
        """A connection that was silent is there again."""

    async def ready(self, connection: Connection) -> SessionReady:
        """A connection is there, and nothing has been sent to it yet: what its client draws itself from."""

    async def departed(self, caller: Caller) -> None:
        """A connection has gone."""

    async def silent(self, caller: Caller) -> None:
        """A connection stands, and its client answers nothing: it is gone until it has `arrived` again."""

    async def revoked(self, caller: Caller) -> str | None:
        """Why the session of this connection is over, or None while it is not."""
