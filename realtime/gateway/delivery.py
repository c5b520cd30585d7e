"""Sends announcements to connections, each durable one with the offset from which a client can go on."""

import msgspec

from core.contract.session import SessionReady
from db.redis.event_log import Announcement, EventId, EventLog
from realtime.gateway.connection import Connection
from realtime.gateway.connection_registry import ConnectionRegistry
from realtime.gateway.known_ticket import SAY_WHICH_TICKET
from realtime.gateway.liveness import MATTERS, LivenessMonitor
from realtime.gateway.ports import Receipts
from realtime.gateway.recovery import Recovery, last_seqs, worth_replaying
from realtime.gateway.socket_writer import SocketWriter


class Delivery:
    """Sends to connections, and notes what each was told of its ticket, and of calls for its liveness."""

    def __init__(
        self,
        *,
        registry: ConnectionRegistry,
        writer: SocketWriter,
        events: EventLog,
        recovery: Recovery,
        liveness: LivenessMonitor,
        receipts: Receipts,
    ) -> None:
        self._receipts = receipts
        self._registry, self._writer, self._liveness = registry, writer, liveness
        self._events, self._recovery = events, recovery

    def begin(self, connection: Connection, ready: SessionReady) -> None:
        """The state that its client starts with, before anything else."""
        sid = connection.caller.sid
        connection.known_ticket.told(ready.ticket.id if ready.ticket else None)
        data = msgspec.json.encode(ready)
        self._writer.emit_encoded(ready.event, data, sid, offset=connection.opening.offset)
        self._liveness.resumes(sid, ready.call)

    def send(self, sid: str, user_id: str, announcement: Announcement) -> None:
        """To this connection of this user."""
        name, offset = announcement.name, None
        if place := announcement.place:
            offset = self._recovery.offset(user_id, place.decode(), self._events.logs.of(user_id).name)
        if name in SAY_WHICH_TICKET and (connection := self._registry.get(sid)) is not None:
            connection.known_ticket.hear(announcement)
        self._writer.emit_encoded(name, announcement.data, sid, offset=offset, volatile=offset is None)
        if name in MATTERS:
            self._liveness.told(sid, announcement)

    def replay(self, connection: Connection) -> EventId:
        """Send what was missed when it was opened. Gives the place up to which that is everything."""
        caller, opening = connection.caller, connection.opening
        mine = [missed for missed in opening.missed if missed.is_for(caller.device)]
        for announcement in worth_replaying(mine):
            self.send(caller.sid, caller.user_id, announcement)
        if seqs := last_seqs(mine):
            self._receipts.replayed(caller.user_id, seqs)
        return (opening.missed[-1].id if opening.missed else None) or opening.start
