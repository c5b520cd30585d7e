"""Closes connections whose session has ended, or that their client has continued elsewhere.

A session ends when it is revoked, or when its token has expired and was not refreshed.
"""

import asyncio

import msgspec

from core.clock import Clock, rfc3339
from core.contract.session import SessionRefresh, SessionRevoked, TokenAccepted
from core.errors import Forbidden
from core.tasks import TaskSet
from core.tokens import Access
from realtime.gateway.arrivals import Arrivals
from realtime.gateway.caller import Caller
from realtime.gateway.connection import Connection
from realtime.gateway.connection_registry import ConnectionRegistry
from realtime.gateway.ports import Lifecycle
from realtime.gateway.socket_writer import SocketWriter
from services.sessions import SessionService


class Revocations:
    """Closes connections whose session is over. A token still counts for `grace_s` after its expiry."""

    def __init__(
        self,
        *,
        sessions: SessionService,
        lifecycle: Lifecycle,
        registry: ConnectionRegistry,
        arrivals: Arrivals,
        writer: SocketWriter,
        tasks: TaskSet,
        clock: Clock,
        grace_s: int,
    ) -> None:
        self._sessions, self._lifecycle = sessions, lifecycle
        self._registry, self._arrivals, self._writer = registry, arrivals, writer
        self._tasks, self._clock, self._grace_s = tasks, clock, grace_s

    async def refresh(self, caller: Caller, command: SessionRefresh) -> TokenAccepted:
        """`session:refresh`: the connection goes on with a new token of the same account."""
        access = self._sessions.read(command.token, self._clock())
        await self._sessions.check(access, self._clock())
        if access.user_id != caller.user_id:
            raise Forbidden("This token is another account's.")
        connection = self._registry.get(caller.sid)
        if connection is not None:
            self._accept(connection, access)
            await self.end_if_revoked(connection.caller)  # it may have ended since the token was read
        return TokenAccepted(expires_at=rfc3339(access.expires_at))

    def _accept(self, connection: Connection, access: Access) -> None:
        connection.caller = msgspec.structs.replace(connection.caller, session_id=access.session_id)
        connection.expires_at = access.expires_at
        self.expect_expiry(connection)

    def expect_expiry(self, connection: Connection) -> None:
        """Close it when its token has expired and was not refreshed."""
        if connection.expiry is not None:
            connection.expiry.cancel()
        left_s = (connection.expires_at - self._clock()) / 1000 + self._grace_s
        connection.expiry = asyncio.get_running_loop().call_later(
            left_s, self.revoke_if, connection.caller.sid, "", "token_expired"
        )

    async def end_revoked(self) -> None:
        """Look up which sessions are over, because announcements of that are not stored."""
        for caller in self._registry.callers:
            await self.end_if_revoked(caller)

    async def end_if_revoked(self, caller: Caller) -> None:
        """Close the connection if its session is over."""
        if (code := await self._lifecycle.revoked(caller)) is not None:
            self.revoke_if(caller.sid, caller.session_id, code)

    def revoke_if(self, sid: str, session_id: str, code: str) -> None:
        """Close the connection if it is of this session; empty means any session."""
        connection = self._registry.get(sid)
        self._arrivals.doubt(sid)
        if connection is not None and session_id in ("", connection.caller.session_id):
            connection.revoked = True
            connection.signed_out = code == "signed_out"
            self._tasks.spawn(self._revoke(sid, code))

    def replace(self, sid: str) -> None:
        """Close the connection, which may still be being opened: another one continues it."""
        self._writer.close(sid, "continued elsewhere")

    async def _revoke(self, sid: str, code: str) -> None:
        revoked = SessionRevoked(code=code)  # type: ignore[arg-type]  # our own words, from the bus
        self._writer.emit_encoded(SessionRevoked.event, msgspec.json.encode(revoked), sid)
        await self._writer.disconnect(sid)
