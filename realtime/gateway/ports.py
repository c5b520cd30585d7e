"""What the gateway asks of the rest of the house."""

from typing import Protocol

from core.contract.session import SessionReady
from core.tokens import Access
from realtime.gateway.caller import Caller
from realtime.gateway.connection import Connection


class Authenticate(Protocol):
    """Whom a token speaks for, now."""

    async def __call__(self, token: str, now: int) -> Access:
        """Raises `Unauthenticated`, `TokenExpired` or `Banned`."""


class Lifecycle(Protocol):
    """What the coming and going of connections means to presence, queue and calls."""

    async def arrived(self, caller: Caller) -> None:
        """A connection is there, and nothing has been sent to it yet."""

    async def ready(self, connection: Connection) -> SessionReady:
        """All that its client needs to draw itself again."""

    async def departed(self, caller: Caller) -> None:
        """A connection has gone."""

    async def silent(self, caller: Caller) -> None:
        """A connection stands, and its client answers nothing: it is gone until it has `arrived` again."""

    async def revoked(self, caller: Caller) -> str | None:
        """Why the session of this connection is over, or None while it is not."""
