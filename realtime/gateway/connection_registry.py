"""The connections of this process, by `sid`. The gateway maintains it; others look up and send through it."""

from collections.abc import Iterable, Iterator

import msgspec

from core.wire.message import Event
from realtime.gateway.caller import Caller
from realtime.gateway.connection import Connection
from realtime.gateway.socket_writer import SocketWriter


class ConnectionRegistry:
    """Implements `realtime.presence.ports.Sockets`."""

    def __init__(self, writer: SocketWriter) -> None:
        self._writer = writer
        self._connections: dict[str, Connection] = {}

    def __iter__(self) -> Iterator[Connection]:
        """All connections of this moment."""
        return iter(tuple(self._connections.values()))

    def __len__(self) -> int:
        return len(self._connections)

    @property
    def callers(self) -> list[Caller]:
        """The callers of all connections."""
        return [connection.caller for connection in self]

    @property
    def speaking(self) -> list[Caller]:
        """The same, without silent ones."""
        return [connection.caller for connection in self if not connection.silent]

    def get(self, sid: str) -> Connection | None:
        """The connection, or None if it is not here (any more)."""
        return self._connections.get(sid)

    def add(self, connection: Connection) -> None:
        """Add it."""
        self._connections[connection.caller.sid] = connection

    def remove(self, sid: str) -> Connection | None:
        """Remove it. Gives None if it was not here."""
        return self._connections.pop(sid, None)

    def holds(self, sid: str) -> bool:
        """Whether it is here."""
        return sid in self._connections

    def send(self, sids: Iterable[str], event: Event) -> None:
        """A volatile event to these connections; lost for those that are not here or slow."""
        self._writer.emit_encoded(event.event, msgspec.json.encode(event), sids, volatile=True)
