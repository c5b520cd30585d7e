"""What connections that come and go mean to presence, queue and calls; the state a client starts with."""

import asyncio

from core.clock import Clock, rfc3339
from core.contract.calls import CallView
from core.contract.session import SessionReady, Unread
from core.settings import Settings
from core.ticket import Ticket
from core.vocabulary import OwnStatus, RevokedCode
from core.wire.message import CONTRACT
from realtime.calls.call_service import CallService
from realtime.calls.views import call_view, pending_decision
from realtime.gateway.caller import Caller
from realtime.gateway.connection import Connection
from realtime.matchmaking.queue import Queue
from realtime.posts.watching import PostWatching
from realtime.presence.presence import PresenceService
from services.sessions import SessionService
from signaling.call import ACTIVE, Call, Rules
from signaling.ice_servers import ice_servers


class ConnectionLifecycle:
    """Implements `realtime.gateway.ports.Lifecycle`."""

    def __init__(
        self,
        *,
        sessions: SessionService,
        presence: PresenceService,
        posts: PostWatching,
        queue: Queue,
        call_service: CallService,
        settings: Settings,
        rules: Rules,
        clock: Clock,
    ) -> None:
        self._sessions = sessions
        self._presence, self._posts, self._queue = presence, posts, queue
        self._call_service, self._settings, self._rules, self._clock = call_service, settings, rules, clock

    async def arrived(self, caller: Caller) -> None:
        """The device is present again: its ticket is kept, and a call that had lost it goes on."""
        await self._present(caller)
        await self._call_service.back(caller.user_id, caller.device)

    async def ready(self, connection: Connection) -> SessionReady:
        """The same for a client that connects. The state was read after the offset that goes with it."""
        caller, user_id = connection.caller, connection.caller.user_id
        beginning, connection.beginning = connection.beginning, None
        assert beginning is not None
        # Present first: `lost` looks for the device after it has told a call that the device is gone.
        own, ticket = await self._present(caller)
        # A call that has begun since that was read has been announced, and may have lost this device by now.
        busy = beginning.busy or connection.subscription.has_heard
        calls = await self._rejoin(caller) if busy else []
        now = self._clock()
        views = [self._view(call, user_id, now) for call in calls if call.state in ACTIVE]
        return SessionReady(
            user=beginning.me,
            pid=connection.opening.pid,
            recovered=connection.opening.recovered,
            contract=CONTRACT,
            server_time=rfc3339(now),
            token_expires_at=rfc3339(connection.expires_at),
            presence=own,
            ticket=ticket.view() if ticket else None,
            call=views[0] if views else None,
            pending_decisions=[
                pending_decision(call, user_id, self._rules) for call in calls if call.is_open_to(user_id)
            ],
            unread=Unread(rooms=beginning.unread, notifications=beginning.notifications),
        )

    def _view(self, call: Call, user_id: str, now: int) -> CallView:
        servers = ice_servers(self._settings, call.id, call.region, user_id, now, lasts_s=call.max_call_s)
        return call_view(call, user_id, rules=self._rules, servers=servers)

    async def _present(self, caller: Caller) -> tuple[OwnStatus, Ticket | None]:
        """The device is present, and its user's ticket is kept: neither waits for the other."""
        return await asyncio.gather(self._presence.arrived(caller), self._queue.resume(caller.user_id))

    async def _rejoin(self, caller: Caller) -> list[Call]:
        await self._call_service.back(caller.user_id, caller.device)
        return await self._call_service.open_calls(caller.user_id)

    async def departed(self, caller: Caller, *, signed_out: bool = False, left: bool = False) -> None:
        """A connection has closed. With the last one of its device, that device is lost to its call.

        Where it was signed out, nobody waits for it: its call and its place in the queue end.
        """
        await self._posts.departed(caller)
        if caller.device not in await self._presence.departed(caller):
            if signed_out:
                await self._queue.leave_from(caller.user_id, caller.device)
                await self._call_service.hang_up(caller.user_id, caller.device)
            await self.lost(caller.user_id, caller.device, left=left)
        # Settled last: if this node dies before, or a store does not answer, another node notices.
        await self._presence.settle(caller)

    async def sent_away(self, caller: Caller) -> None:
        """This node has closed the connection: its client has some seconds to be on another one.

        Until then it counts as present, so that its call, its place in the queue and those who see it notice
        nothing. If it does not come, another node finds its lease expired.
        """
        await asyncio.gather(
            self._presence.leave_open(caller),
            self._posts.departed(caller),
            self._queue.renew({caller.user_id}),
        )

    async def silent(self, caller: Caller) -> None:
        """The client has fallen silent: treat it as gone, so that nobody is offered to a sleeping phone."""
        left = await self._presence.missed(caller)
        if caller.device not in left:
            await self.lost(caller.user_id, caller.device)
        if not left:
            await self._call_service.silent(caller.user_id)
            # If both sleep, the silence of the other may have given this one the place in the queue back.
            await self._queue.remove(caller.user_id, "disconnected")
        await self._presence.settle(caller)

    async def lost(self, user_id: str, device: str, *, left: bool = False) -> None:
        """Tell the call that the device is gone; and that it is back, if it came back meanwhile."""
        await self._call_service.lost(user_id, device, left=left)
        if device in await self._presence.devices(user_id):
            await self._call_service.back(user_id, device)

    async def revoked(self, caller: Caller) -> RevokedCode | None:
        """Whether the session behind this connection has ended, and why."""
        return await self._sessions.revoked(caller.user_id, caller.session_id, self._clock())
