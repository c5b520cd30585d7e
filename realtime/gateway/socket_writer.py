"""What the gateway needs of a Socket.IO server: our own (`realtime.transport`), or the stock one."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

T = TypeVar("T")


class SocketWriter(Protocol):
    """Writes to connections of this process. A `sid` that has just gone is no error: nothing happens."""

    def emit_encoded(
        self,
        event: str,
        payload: bytes,
        to: str | Iterable[str],
        *,
        offset: str | None = None,
        volatile: bool = False,
    ) -> int:
        """One event: JSON text of its object, and for durable ones the offset. In order, never blocks."""

    def together(self, work: Callable[[], T]) -> T:
        """Do this: what it sends goes out when it is done, in one write to each connection."""

    async def disconnect(self, sid: str) -> None:
        """Send DISCONNECT and close: an official client does not come back by itself."""

    def close(self, sid: str, reason: str) -> None:
        """Close the transport alone: the client comes back."""

    def owes(self, sid: str) -> bool:
        """Whether the client waits for an acknowledgement, or has not taken all that it is sent."""

    def ping(self, sid: str) -> None:
        """Ping the client now."""

    def heard(self, sid: str) -> bool:
        """Whether the client has sent anything since this was last asked."""
