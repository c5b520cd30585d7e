"""The server's side of one echo call: hears what it is told, and answers as a client would."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

import msgspec
import structlog
from msgspec import Struct

from core.contract.calls import CallMediaChanged, CallSignal, SessionDescription
from core.errors import AppError
from db.outage import AWAY
from db.redis.bus import Bus
from db.redis.calls import StoredCall
from db.redis.event_log import Announcement, EventId, EventLog, channel, read_announcements
from realtime.calls.call_service import CallService
from realtime.calls.signals import Signals
from realtime.gateway.caller import Caller
from realtime.gateway.subscription import Subscription
from signaling.call import ACTIVE, STARTED, Party
from signaling.echo import echo_id
from signaling.messages import CallMessage, Connected, Decline, Lost, Restart

_AGAIN_S = 0.5
_log = structlog.get_logger()


class Media(Protocol):
    """One epoch's."""

    async def answer(self, sdp: str) -> str | None:
        """To this offer, if it can be answered."""

    async def close(self) -> None:
        """It is over."""


NewMedia = Callable[[Callable[[], Awaitable[None]]], Media]
Load = Callable[[str], Awaitable[StoredCall | None]]


class _Said(Struct):
    """What matters of the events of a call."""

    epoch: int = 0
    description: SessionDescription | None = None
    audio: bool = True
    video: bool = True


class EchoCall:
    """Until the call is over, or `longest_s` are. `new_media` is told what to do when media has come."""

    def __init__(
        self,
        call_id: str,
        *,
        process: str,
        bus: Bus,
        events: EventLog,
        load: Load,
        call_service: CallService,
        signals: Signals,
        new_media: NewMedia,
        longest_s: float,
    ) -> None:
        self.id, self._own, self._longest_s = call_id, Caller(echo_id(call_id), "", process, ""), longest_s
        self._bus, self._events, self._load = bus, events, load
        self._tell_call, self._signals, self._new_media = call_service.tell, signals, new_media
        self._heard: asyncio.Queue[Announcement] = asyncio.Queue()
        self._subscription = Subscription(self._heard.put_nowait, partial(events.after, self._own.user_id))
        self._epoch = 0
        self._media: Media | None = None
        self._user: Party | None = None

    async def run(self) -> None:
        """Follow it. Whatever comes meanwhile is heard in its order."""
        where, listen = channel(self._own.user_id), self._listen
        await self._bus.subscribe(where, listen)
        try:
            async with asyncio.timeout(self._longest_s):
                if await self._enter():
                    self._subscription.open(self._own.device, EventId(0, 0))
                    self._subscription.catch_up()
                    while (event := await self._heard.get()).name != "call:ended":
                        await self._act(event)
        except TimeoutError:
            _log.warning("an echo call was never over", call_id=self.id)
        finally:
            self._subscription.close()
            await self._bus.unsubscribe(where, listen)
            await self._hang_up()

    def catch_up(self) -> None:
        """The bus may have missed something."""
        self._subscription.catch_up()

    async def lose(self) -> None:
        """This process goes away: the call waits for another one."""
        await self._tell(Lost(self._own.user_id, self._own.device))

    def _listen(self, raw: bytes) -> None:
        for announcement in read_announcements(raw):
            self._subscription.take(announcement)

    async def _enter(self) -> bool:
        """Whether there is something to follow. A call of a process that is gone has no media here."""
        stored = await self._load(self.id)
        if stored is None:
            return True  # about to be there
        device = stored.call.party(self._own.user_id).device
        if stored.call.state not in ACTIVE or device is None or device == self._own.device:
            return stored.call.state in ACTIVE
        await self._tell(Lost(self._own.user_id, device))
        if stored.call.state not in STARTED:
            await self._tell(Decline(self._own.user_id))
            return False
        return await self._tell(Restart(self._own.user_id, self._own.device, stored.call.epoch))

    async def _act(self, event: Announcement) -> None:
        said = msgspec.json.decode(event.data, type=_Said)
        match event.name:
            case "call:started":
                await self._started(said.epoch)
            case "call:signal" if said.epoch == self._epoch and said.description is not None:
                await self._answer(said.description)
            case "call:media" if self._user is not None:
                changed = CallMediaChanged(call_id=self.id, audio=said.audio, video=said.video)
                await self._events.send(self._user.user_id, changed, device=self._user.device)

    async def _started(self, epoch: int) -> None:
        await self._hang_up()
        stored = await self._load(self.id)
        if stored is None or epoch < stored.call.epoch:
            return  # there is a newer one
        self._epoch, self._user = epoch, stored.call.parties[0]
        self._media = self._new_media(partial(self._connected, epoch))

    async def _answer(self, offer: SessionDescription) -> None:
        if self._media is None:
            return
        try:
            sdp = await self._media.answer(offer.sdp)
            if sdp is not None:
                answer = SessionDescription(type="answer", sdp=sdp)
                command = CallSignal(call_id=self.id, epoch=self._epoch, description=answer)
                await self._signals.signal(self._own, command)
        except (AppError, OSError) as error:
            _log.info("an echo call's offer is not answered", call_id=self.id, error=repr(error))

    async def _connected(self, epoch: int) -> None:
        await self._tell(Connected(self._own.user_id, self._own.device, epoch))

    async def _tell(self, message: CallMessage) -> bool:
        """Whether the call takes it. While a store is away it waits."""
        while True:
            try:
                await self._tell_call(self.id, message)
            except AWAY:
                await asyncio.sleep(_AGAIN_S)
            except AppError as error:
                _log.debug("an echo call goes on otherwise", call_id=self.id, error=repr(error))
                return False
            else:
                return True

    async def _hang_up(self) -> None:
        media, self._media = self._media, None
        if media is not None:
            await media.close()
