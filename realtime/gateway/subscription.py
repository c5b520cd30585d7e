"""Sends one connection every event of its user once and in order, whatever happens to the bus.

An announcement names the event before it. If that is newer than what was sent last, something was missed, and
the gap is read from the stream before anything else is sent. If it is older, Redis has lost what was sent
last, as when a replica takes over that had not heard of it: the stream goes on from an earlier place.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import structlog

from core.errors import Unavailable
from db.redis.event_log import Announcement, EventId

Send = Callable[[Announcement], None]
ReadAfter = Callable[[EventId], Awaitable[list[Announcement]]]
_MOST_HELD = 256
_RETRY_S = 0.5
_REMEMBERED = 16  # of what was sent last: more than a replica lacks when it takes over
# What is told again if Redis lost that it was told, and says who they are: it is not shown twice.
_ONCE = frozenset({"chat:message"})
_log = structlog.get_logger()


class Subscription:
    """Takes announcements from the bus at any time; sends from `open` on."""

    def __init__(self, send: Send, read_after: ReadAfter) -> None:
        self._device = ""
        self._send = send
        self._read_after = read_after
        self._last = b""  # the place of what was sent last
        self._sent: deque[tuple[bytes, int]] = deque(maxlen=_REMEMBERED)
        self._sent_before_loss: frozenset[int] = frozenset()
        self._held: list[Announcement] | None = []
        self._incomplete = False
        self._anew = False
        self._catching_up: asyncio.Task[None] | None = None

    @property
    def has_heard(self) -> bool:
        """Whether anything has come that is held back."""
        return bool(self._held) or self._incomplete

    def take(self, announcement: Announcement) -> None:
        """Take an announcement that the bus has received."""
        if self._held is not None:
            self._hold(announcement)
        elif announcement.place_before != self._last and self._missed_something_before(announcement):
            self._held = [announcement]
            self._catching_up = asyncio.create_task(self._fill())
        else:
            self._pass(announcement)

    def open(self, device: str, last: EventId) -> None:
        """The client of this device has everything up to `last`: send what was held back, and go on."""
        self._device, self._last = device, str(last).encode()
        self._sent.append((self._last, 0))
        held, self._held = self._held or [], None
        if self._incomplete:
            self.catch_up()
        for announcement in held:
            self.take(announcement)

    def catch_up(self) -> None:
        """The bus may have missed something: read the stream, now or as soon as the subscription is open."""
        if self._held is not None:
            self._incomplete = True
            return
        self._held = []
        self._catching_up = asyncio.create_task(self._fill())

    def begin_anew(self) -> None:
        """There is a new log: go on from its beginning, whatever ids it has."""
        self._anew = True
        self.catch_up()

    def close(self) -> None:
        """The connection has closed."""
        if self._catching_up is not None:
            self._catching_up.cancel()

    def _hold(self, announcement: Announcement) -> None:
        assert self._held is not None
        if len(self._held) >= _MOST_HELD:
            self._held.clear()
            self._incomplete = True
        self._held.append(announcement)

    def _missed_something_before(self, announcement: Announcement) -> bool:
        before, last = announcement.place_before, self._last
        return bool(before and last) and EventId.read(before) > EventId.read(last)

    def _pass(self, announcement: Announcement) -> None:
        place, before, last = announcement.place, announcement.place_before, self._last
        if place:
            if last and before != last:  # usually it comes right behind what was sent last
                sent_last = EventId.read(last)
                if EventId.read(place) <= sent_last:
                    return
                if before and EventId.read(before) < sent_last:
                    self._remember_loss()
            self._last = place
            content = hash(announcement.data) if announcement.name in _ONCE else 0
            self._sent.append((place, content))
            if content and content in self._sent_before_loss:
                return
        if not (announcement.device or announcement.not_device) or announcement.is_for(self._device):
            self._send(announcement)

    def _remember_loss(self) -> None:
        self._sent_before_loss = frozenset(content for _, content in self._sent if content)

    def _go_on_in(self, kept: Sequence[Announcement]) -> None:
        """In another log: after the last that was sent of those it has, or from its beginning."""
        self._remember_loss()
        there, last = {announcement.id for announcement in kept}, self._sent_last
        sent = [(EventId.read(place), place) for place, _ in self._sent]
        common = max(((id_, place) for id_, place in sent if id_ in there), default=None)
        if common is not None:
            _, self._last = common
        elif not any(id_ and id_ >= last for id_ in there):
            self._last = b"0-0"  # it is empty, or its clock is behind: all of it is new

    @property
    def _sent_last(self) -> EventId:
        return EventId.read(self._last) if self._last else EventId(0, 0)

    async def _fill(self) -> None:
        """Read and send what came after the last event sent; what was held before is in the stream too."""
        while True:
            self._incomplete, covered = False, len(self._held or [])
            anew, last = self._anew, self._sent_last
            try:
                kept = await self._read_after(EventId(0, 0) if anew else last)
            except Unavailable as error:
                _log.debug("events cannot be read again yet", error=str(error))
                await asyncio.sleep(_RETRY_S)
                continue
            if anew:
                self._anew = False
                self._go_on_in(kept)
            for announcement in kept:
                self._pass(announcement)
            if not self._incomplete:
                break
        held, self._held = self._held or [], None
        for announcement in held[:covered]:
            self._pass(announcement)
        # The bus may have broken while the stream was read, so these are checked for a gap.
        for announcement in held[covered:]:
            self.take(announcement)
