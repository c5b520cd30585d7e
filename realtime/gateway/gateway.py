"""The gateway: who may connect, what a connection is told first, and what happens when it ends.

It owns the connections of this process and nothing else; everything a connection needs to go on
elsewhere is in Redis and Postgres.
"""

import asyncio
import sys
from collections.abc import Coroutine, Mapping
from functools import partial
from typing import Any

import msgspec
import structlog
from socketio.exceptions import ConnectionRefusedError as Refused

from core.clock import Clock, rfc3339
from core.contract.session import ConnectAuth, SessionRefresh, SessionRevoked, TokenAccepted
from core.errors import AppError, Forbidden, Internal, RateLimited, Unauthenticated, Unavailable
from core.ids import new_id
from core.settings import Settings
from core.tokens import Access
from core.wire.decode import decode
from core.wire.message import Command
from db.outage import AWAY, OUTAGES, Outage
from db.redis.bus import Bus
from db.redis.events import REVOKED, Announcement, EventId, EventRoad, channel, read_announcement
from realtime.gateway.auth import legible
from realtime.gateway.boundary import Boundary, Handler, describe, refused
from realtime.gateway.connection import Connection, Opening
from realtime.gateway.mailbox import Mailbox
from realtime.gateway.outlet import Outlet
from realtime.gateway.pace import Pace
from realtime.gateway.ports import Lifecycle
from realtime.gateway.pulse import Pulse
from realtime.gateway.recovery import Recovery, worth_replaying
from realtime.gateway.roster import Roster
from realtime.gateway.wire import Wire
from services.caller import Caller
from services.ports import Limiter
from services.sessions import Sessions

_AT_ONCE = 16  # connections that are being opened; with more of them each would only take longer
_OPENING_S = 15  # every step has a bound of its own; who is stopped halfway costs more than who is late
_WENT_AWAY = "The connection went away while it was being opened."
_log = structlog.get_logger()


class Gateway:
    """The Socket.IO server calls `connect`, `command` and `disconnect`; the bus brings the events."""

    def __init__(
        self,
        *,
        settings: Settings,
        clock: Clock,
        wire: Wire,
        roster: Roster,
        bus: Bus,
        events: EventRoad,
        recovery: Recovery,
        sessions: Sessions,
        limiter: Limiter,
        lifecycle: Lifecycle,
        pulse: Pulse,
        handlers: Mapping[type[Command], Handler],
    ) -> None:
        self._settings, self._clock = settings, clock
        self._wire, self._roster = wire, roster
        self._bus, self._events, self._recovery = bus, events, recovery
        self._sessions, self._limiter, self._lifecycle = sessions, limiter, lifecycle
        self._pulse = pulse
        self._boundary = Boundary({**handlers, SessionRefresh: self._refresh})
        self._late = Outage("commands are not answered in time")
        self._of_user: dict[str, int] = {}
        self._arriving: dict[str, bool] = {}  # by sid: whether the connection will be `unsure`
        self._turnstile = asyncio.Semaphore(_AT_ONCE)
        self._limited = settings.rate_limits == "on"
        self._draining = False
        self._empty = asyncio.Event()
        self._empty.set()
        self._jobs: set[asyncio.Task[None]] = set()
        bus.on_return += [self._catch_up, self._end_revoked]

    # --- Coming ---

    async def connect(self, sid: str, auth: object) -> dict[str, Any]:
        """Admit a connection, or raise what the Socket.IO server answers as CONNECT_ERROR.

        Gives what the CONNECT answer tells beside the `sid`; `session:ready` follows by itself.
        """
        self._arriving[sid] = False
        try:
            # When all come back at once each has to be served in time: who has begun is served first.
            await self._turnstile.acquire()
        except BaseException:
            self._arriving.pop(sid, None)
            raise
        try:
            connection = await self._enter(sid, auth)
        except BaseException:
            self._turnstile.release()
            raise
        connection.mailbox.take()  # commands that come already wait until it is welcomed
        connection.welcome = self._spawn(self._welcome(connection))
        connection.welcome.add_done_callback(lambda _: self._welcomed(connection))
        return {"pid": connection.opening.pid}

    def _welcomed(self, connection: Connection) -> None:
        connection.mailbox.give()
        self._turnstile.release()

    async def _enter(self, sid: str, auth: object) -> Connection:
        try:
            if sid not in self._arriving:
                raise Unavailable(_WENT_AWAY)
            async with asyncio.timeout(_OPENING_S):
                connection = await self._admit(sid, auth)
        except AppError as error:
            raise _refusal(error) from None
        except OUTAGES as error:
            _log.debug("a connection found no store", error=repr(error))
            self._wire.close(
                sid, "no store"
            )  # a CONNECT_ERROR would keep an official client from coming back
            raise _refusal(Unavailable()) from None
        except Exception:
            reference = new_id()
            _log.exception("a connection failed", reference=reference)
            raise _refusal(Internal(details={"reference": reference})) from None
        finally:
            unsure = self._arriving.pop(sid, None)
        if unsure is None:
            await self._forget(connection)
            raise _refusal(Unavailable(_WENT_AWAY))
        connection.unsure = unsure
        self._roster.enter(connection)
        self._empty.clear()
        self._expect_expiry(connection)
        return connection

    async def _admit(self, sid: str, auth: object) -> Connection:
        if not isinstance(auth, dict) or not isinstance(auth.get("token"), str):
            raise Unauthenticated("Connect with an access token in `auth.token`.")
        # The token before anything else: what a stranger sends beside it is not looked at.
        access = self._sessions.read(auth["token"], self._clock())
        outlet = Outlet(partial(self._send, sid, access.user_id), partial(self._events.after, access.user_id))
        listener = partial(self._hear, sid, outlet)
        try:
            # Listen first, then look whether the session goes on and what is kept: nothing falls between.
            await self._bus.subscribe(channel(access.user_id), listener)
            await self._sessions.check(access, self._clock())
            await self._slow_down(access.user_id)
            wanted = decode(legible(auth), ConnectAuth)
            opening = await self._opening(wanted, access.user_id)
            self._count(access.user_id)
        except BaseException:
            await self._bus.unsubscribe(channel(access.user_id), listener)
            raise
        _log.debug("a connection is admitted", sid=sid, user_id=access.user_id, client=wanted.client)
        return Connection(
            Caller(access.user_id, access.session_id, wanted.device_id or opening.pid, sid),
            opening,
            expires_at=access.expires_at,
            outlet=outlet,
            mailbox=Mailbox(self._settings.mailbox if self._limited else sys.maxsize),
            pace=self._new_pace(),
            listener=listener,
        )

    async def _slow_down(self, user_id: str) -> None:
        """A connect costs several look-ups: one account may not ask for them without end."""
        rate, burst = self._settings.connects_per_m / 60, self._settings.connects_burst
        wait_ms = await self._limiter.take(
            f"connect:{user_id}", rate_per_s=rate, burst=burst, now=self._clock()
        )
        if wait_ms:
            raise RateLimited("Too many connects of this account.", retry_after_ms=wait_ms)

    def _count(self, user_id: str) -> None:
        held = self._of_user.get(user_id, 0)
        if self._limited and held >= self._settings.max_connections_a_user:
            raise RateLimited("Too many connections of this account.", retry_after_ms=1000)
        self._of_user[user_id] = held + 1

    async def _opening(self, wanted: ConnectAuth, user_id: str) -> Opening:
        log, place = self._events.log.name, partial(self._recovery.wanted, user_id, wanted.pid, wanted.offset)
        last = place(log)
        tail = await self._events.tail(user_id, last)
        if tail.log.name != log:  # this node had not seen it yet
            last = place(tail.log.name)
            tail = await self._events.tail(user_id, last) if last else tail
        if last is None or not self._recovery.serves(last, tail):
            pid = self._recovery.new_pid(user_id)
            return Opening(pid, False, tail.end, self._recovery.offset(user_id, tail.end, tail.log.name))
        pid = wanted.pid or self._recovery.new_pid(user_id)
        return Opening(pid, True, last, wanted.offset or "", tail.missed)

    def _new_pace(self) -> Pace:
        rate = self._settings.commands_per_s if self._limited else 0
        return Pace(rate_per_s=rate, burst=self._settings.commands_burst)

    async def _welcome(self, connection: Connection) -> None:
        """`session:ready` before anything else, then what was missed, then what comes."""
        caller, opening = connection.caller, connection.opening
        try:
            async with asyncio.timeout(_OPENING_S):
                if connection.unsure:
                    connection.outlet.catch_up()
                    await self._end_if_revoked(caller)
                ready = await self._lifecycle.ready(connection)
                connection.place.told(ready.ticket.id if ready.ticket else None)
                data = msgspec.json.encode(ready)
                self._wire.emit_encoded(type(ready).event, data, caller.sid, offset=opening.offset)
                self._pulse.resumes(caller.sid, ready.call)
            connection.outlet.open(caller.device, self._replay(caller, opening))
            connection.opening = msgspec.structs.replace(opening, missed=())
        except AWAY as error:
            # The client comes back by itself, and finds things as they are then.
            _log.debug("a connection found no store", user_id=caller.user_id, error=repr(error))
            self._wire.close(caller.sid, "not welcomed")
        except Exception:
            _log.exception("a connection could not be welcomed", user_id=caller.user_id)
            self._wire.close(caller.sid, "not welcomed")

    def _replay(self, caller: Caller, opening: Opening) -> EventId:
        """Send what was missed when it was opened; the outlet has what came since."""
        mine = [m for m in opening.missed if m.is_for(caller.device)]
        for announcement in worth_replaying(mine):
            self._send(caller.sid, caller.user_id, announcement)
        return (opening.missed[-1].id if opening.missed else None) or opening.start

    # --- While it is there ---

    async def command(self, name: str, sid: str, *arguments: Any) -> dict[str, Any] | None:
        """The acknowledgement of one command; None when the connection is not (any more) ours."""
        connection = self._roster.get(sid)
        if connection is None:
            return None
        try:
            # From its arrival on: who sent many at once does not wait for each of them in turn.
            async with asyncio.timeout(self._settings.deadline_s):
                return await self._in_turn(connection, name, arguments)
        except TimeoutError:
            self._late.failed(TimeoutError(f"{name} took too long"))
            return refused(Unavailable())

    async def _in_turn(self, connection: Connection, name: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
        mailbox = connection.mailbox
        try:
            if wait_ms := connection.pace.take(self._clock()):
                raise RateLimited(retry_after_ms=wait_ms)
            if (turn := mailbox.take()) is not None:
                await mailbox.wait(turn)
        except RateLimited as error:
            return refused(error)
        try:
            if connection.revoked:  # while this command waited for its turn
                return refused(Unauthenticated("This session is over."))
            answer = await self._boundary.answer(connection.caller, name, arguments)
        finally:
            mailbox.give()
        self._late.worked()
        connection.place.answered(answer)
        return answer

    def _hear(self, sid: str, outlet: Outlet, raw: bytes) -> None:
        """What the bus brings for a user of ours: an event, or the end of a session."""
        if raw.startswith(REVOKED):
            _, session_id, code = raw.decode().split("\n")
            self._revoke_if(sid, session_id, code)
        else:
            outlet.take(read_announcement(raw))

    def _send(self, sid: str, user_id: str, announcement: Announcement) -> None:
        if (connection := self._roster.get(sid)) is not None:
            connection.place.hear(announcement)
        id_, log = announcement.id, self._events.log.name
        offset = None if id_ is None else self._recovery.offset(user_id, id_, log)
        self._wire.emit_encoded(
            announcement.name, announcement.data, sid, offset=offset, volatile=offset is None
        )
        self._pulse.told(sid, announcement)

    async def _refresh(self, caller: Caller, command: SessionRefresh) -> TokenAccepted:
        access = self._sessions.read(command.token, self._clock())
        await self._sessions.check(access, self._clock())
        if access.user_id != caller.user_id:
            raise Forbidden("This token is another account's.")
        connection = self._roster.get(caller.sid)
        if connection is not None:
            self._accept(connection, access)
            await self._end_if_revoked(connection.caller)  # since the token was read
        return TokenAccepted(expires_at=rfc3339(access.expires_at))

    def _accept(self, connection: Connection, access: Access) -> None:
        connection.caller = msgspec.structs.replace(connection.caller, session_id=access.session_id)
        connection.expires_at = access.expires_at
        self._expect_expiry(connection)

    def _expect_expiry(self, connection: Connection) -> None:
        if connection.expiry is not None:
            connection.expiry.cancel()
        left_s = (connection.expires_at - self._clock()) / 1000 + self._settings.refresh_grace_s
        connection.expiry = asyncio.get_running_loop().call_later(
            left_s, self._revoke_if, connection.caller.sid, "", "token_expired"
        )

    async def _catch_up(self) -> None:
        """The bus was away: every connection reads what it may have missed."""
        self._arriving = dict.fromkeys(self._arriving, True)
        for connection in self._roster:
            connection.outlet.catch_up()

    async def _end_revoked(self) -> None:
        """The same for revocations, which are announced and not kept: look them up."""
        for caller in self._roster.callers:
            await self._end_if_revoked(caller)

    async def _end_if_revoked(self, caller: Caller) -> None:
        if (code := await self._lifecycle.revoked(caller)) is not None:
            self._revoke_if(caller.sid, caller.session_id, code)

    # --- Going ---

    async def disconnect(self, sid: str) -> None:
        """The Socket.IO server says that this connection has gone."""
        self._arriving.pop(sid, None)
        connection = self._roster.strike(sid)
        if connection is None:
            return
        await self._forget(connection)
        try:
            await self._lifecycle.departed(connection.caller)
        except AWAY as error:
            # A departure that was not settled is found like a lapsed lease: by another node, or this one.
            _log.debug("a departure was not settled", user_id=connection.caller.user_id, error=repr(error))
        finally:
            if not self._roster:
                self._empty.set()

    async def _forget(self, connection: Connection) -> None:
        connection.close()
        await self._release(connection.caller.user_id, connection.listener)

    async def _release(self, user_id: str, listener: Any) -> None:
        left = self._of_user.get(user_id, 1) - 1
        if left:
            self._of_user[user_id] = left
        else:
            self._of_user.pop(user_id, None)
        await self._bus.unsubscribe(channel(user_id), listener)

    def _revoke_if(self, sid: str, session_id: str, code: str) -> None:
        """End the connection if it is of this session; an empty one means any."""
        connection = self._roster.get(sid)
        if sid in self._arriving:
            self._arriving[sid] = True
        if connection is not None and session_id in ("", connection.caller.session_id):
            connection.revoked = True
            self._spawn(self._revoke(sid, code))

    async def _revoke(self, sid: str, code: str) -> None:
        revoked = SessionRevoked(code=code)  # type: ignore[arg-type]  # our own words, from the bus
        self._wire.emit_encoded(SessionRevoked.event, msgspec.json.encode(revoked), sid)
        await self._wire.disconnect(sid)

    def admits(self) -> bool:
        """Whether new connections are let in: not while draining."""
        return not self._draining

    async def check_admits(self) -> None:
        """Raises `Unavailable` while draining: what `/readyz` asks."""
        if self._draining:
            raise Unavailable("This node is draining.")

    async def drain(self, timeout_s: float = 5) -> None:
        """Send every client elsewhere: the transports are closed, so that they come back by themselves."""
        self._draining = True
        for caller in self._roster.callers:
            self._wire.close(caller.sid, "draining")
        try:
            async with asyncio.timeout(timeout_s):
                await self._empty.wait()
        except TimeoutError:
            _log.warning("not every connection could be closed in time", left=len(self._roster))
        for caller in self._roster.callers:
            await self.disconnect(caller.sid)
        for job in self._jobs:
            job.cancel()

    def _spawn(self, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)
        return task


def _refusal(error: AppError) -> Refused:
    return Refused(error.message, describe(error))
