"""Admits connections: checks their token, limits their number, and finds where each client goes on."""

from functools import partial

import structlog

from core.clock import Clock
from core.contract.session import ConnectAuth
from core.contract.sessions import SessionClient
from core.errors import AppError, Unauthenticated
from core.tokens import Access
from core.wire.decode import decode
from db.postgres.profiles import Beginning
from db.redis.bus import Bus
from db.redis.event_log import CONTINUED, REVOKED, EventLog, channel, read_announcements
from realtime.gateway.account_limits import AccountLimits
from realtime.gateway.auth import legible
from realtime.gateway.caller import Caller
from realtime.gateway.connection import Connection, Opening
from realtime.gateway.delivery import Delivery
from realtime.gateway.device_kind import device_kind
from realtime.gateway.ports import ClientsQueue, SightingsQueue
from realtime.gateway.recovery import Recovery, Succession
from realtime.gateway.revocations import Revocations
from realtime.gateway.subscription import Subscription
from services.accounts import RequestOrigin
from services.marks import Sighting, client_print
from services.sessions import SessionService

_log = structlog.get_logger()


class Admission:
    """Makes connections that are subscribed to the bus."""

    def __init__(
        self,
        *,
        clock: Clock,
        sessions: SessionService,
        limits: AccountLimits,
        bus: Bus,
        events: EventLog,
        recovery: Recovery,
        delivery: Delivery,
        revocations: Revocations,
        sightings: SightingsQueue,
        clients: ClientsQueue,
    ) -> None:
        self._clock, self._sessions, self._limits = clock, sessions, limits
        self._bus, self._events, self._recovery = bus, events, recovery
        self._delivery, self._revocations = delivery, revocations
        self._sightings, self._clients = sightings, clients

    async def admit(self, sid: str, auth: object, origin: RequestOrigin) -> Connection:
        """The connection of a client that sent this `auth`. Raises `AppError`; outages pass through."""
        if not isinstance(auth, dict) or not isinstance(auth.get("token"), str):
            raise Unauthenticated("Connect with an access token in `auth.token`.")
        # The token first: nothing else that a stranger sends is looked at.
        access = self._sessions.read(auth["token"], self._clock())
        subscription = Subscription(
            partial(self._delivery.send, sid, access.user_id), partial(self._events.after, access.user_id)
        )
        succession = Succession(sid)
        listener = partial(self._hear, sid, subscription, succession)
        try:
            # Subscribe first, then read the stream, then session and state: so nothing is missed in between.
            await self._bus.subscribe(channel(access.user_id), listener)
            await self._limits.slow_down(access.user_id)
            wanted = decode(legible(auth), ConnectAuth)
            opening = await self._opening(wanted, access.user_id)
            beginning = await self._begin(access)
            if opening.recovered and opening.pid == wanted.pid:
                await self._events.continued(access.user_id, opening.pid, sid)
            else:
                succession.begin(opening.pid)
            self._limits.add(access.user_id)
        except BaseException:
            await self._bus.unsubscribe(channel(access.user_id), listener)
            raise
        self._sightings.add(_sighting(access.user_id, wanted, origin))
        if (app := _app(wanted)) is not None:
            self._clients.add(access.session_id, app)
        _log.debug("a connection is admitted", sid=sid, user_id=access.user_id, client=wanted.client)
        return Connection(
            Caller(
                access.user_id, access.session_id, wanted.device_id or opening.pid, sid, _kind(wanted, origin)
            ),
            opening,
            expires_at=access.expires_at,
            subscription=subscription,
            command_queue=self._limits.command_queue(),
            pace=self._limits.pace(access.user_id, origin.network),
            listener=listener,
            beginning=beginning,
        )

    async def forget(self, connection: Connection) -> None:
        """It is closed: nothing is sent to it any more, and it no longer counts."""
        connection.close()
        user_id = connection.caller.user_id
        self._limits.remove(user_id)
        await self._bus.unsubscribe(channel(user_id), connection.listener)

    async def _begin(self, access: Access) -> Beginning:
        try:
            return await self._sessions.begin(access, self._clock())
        except AppError:
            await self._limits.excuse(access.user_id)
            raise

    async def _opening(self, wanted: ConnectAuth, user_id: str) -> Opening:
        log, place = (
            self._events.logs.of(user_id).name,
            partial(self._recovery.wanted, user_id, wanted.pid, wanted.offset),
        )
        last = place(log)
        tail = await self._events.tail(user_id, last)
        if tail.log.name != log:  # this node did not know the log yet
            last = place(tail.log.name)
            tail = await self._events.tail(user_id, last) if last else tail
        if last is None or not self._recovery.serves(last, tail):
            pid = self._recovery.new_pid(user_id)
            return Opening(pid, False, tail.end, self._recovery.offset(user_id, tail.end, tail.log.name))
        pid = wanted.pid or self._recovery.new_pid(user_id)
        return Opening(pid, True, last, wanted.offset or "", tail.missed)

    def _hear(self, sid: str, subscription: Subscription, succession: Succession, raw: bytes) -> None:
        """A message of the bus for this connection's user: an event, or why the connection may be over."""
        if raw[:1] <= b"9":  # an event begins with its place, or with an empty line, and all else with a word
            for announcement in read_announcements(raw):
                subscription.take(announcement)
        elif raw.startswith(REVOKED):
            _, session_id, code = raw.decode().split("\n")
            self._revocations.revoke_if(sid, session_id, code)
        elif raw.startswith(CONTINUED):
            _, pid, by = raw.decode().split("\n")
            if succession.is_replaced(pid, by):
                self._revocations.replace(sid)


def _sighting(user_id: str, wanted: ConnectAuth, origin: RequestOrigin) -> Sighting:
    said = wanted.client
    app = (said.name, said.platform) if said else ()
    return Sighting(
        user_id=user_id,
        network=origin.network,
        device_ids=(wanted.device_id,) if wanted.device_id else (),
        client=client_print("socket", origin.user_agent, origin.language, *app),
    )


def _kind(wanted: ConnectAuth, origin: RequestOrigin) -> str:
    return device_kind(wanted.client.platform if wanted.client else None, origin.user_agent)


def _app(wanted: ConnectAuth) -> SessionClient | None:
    """What its client says of itself; None: nothing."""
    said = wanted.client
    if said is None or not (said.name or said.version or said.platform):
        return None
    return SessionClient(name=said.name, version=said.version, platform=said.platform)
