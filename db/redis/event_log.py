"""The event log, through which all events reach users: a bounded stream and a pub/sub channel for each user.

One script writes both. A node reads a stream when it has missed an announcement, and when a client comes back
with an offset.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from redis.exceptions import RedisError

from core.errors import Unavailable
from core.numbered_event import NumberedEvent
from core.vocabulary import RevokedCode
from core.wire.message import Event
from db.redis import bundle
from db.redis.logs import LogIdentity, Logs
from db.redis.multiplexed import RedisClient, load_script
from db.redis.numbered_events import NumberedEvents, unavailable

_LUA = Path(__file__).with_name("lua")
STREAM = (_LUA / "stream.lua").read_text()  # what every script that appends begins with
_EMIT = load_script(_LUA / "emit.lua", repeatable=False, shared=STREAM)
REVOKED = b"revoked"
CONTINUED = b"continued"
_NOT_KEPT = b"\n\n"  # how an announcement begins that has no ids
_LINES = 6  # of each event in it
_REPLICATED_S = 5  # a replica that is away for longer is not waited for


class EventId(Struct, frozen=True, order=True):
    """A place in a user's stream: Redis' milliseconds and a number within them."""

    ms: int
    seq: int

    def __str__(self) -> str:
        return f"{self.ms}-{self.seq}"

    @classmethod
    def parse(cls, text: str) -> "EventId":
        """From `ms-seq`. Raises ValueError."""
        ms, _, seq = text.partition("-")
        if not (ms.isascii() and ms.isdigit() and seq.isascii() and seq.isdigit() and len(text) <= 40):
            raise ValueError(text)
        return cls(int(ms), int(seq))

    @classmethod
    def read(cls, raw: bytes) -> "EventId":
        """As Redis itself writes it."""
        ms, _, seq = raw.partition(b"-")
        return cls(int(ms), int(seq))


class _OfCall(Struct, frozen=True):
    call_id: str | None = None


_read_call = msgspec.json.Decoder(_OfCall).decode


class Announcement(Struct, frozen=True):
    """An event as a node hears or reads it. `place_before`: of the one before it, if known.

    Both are as Redis writes them, and empty if it is volatile: usually nobody needs their numbers. A newer
    node may have sent it: name and payload are passed on as they are, known or not.
    """

    place: bytes
    place_before: bytes
    name: str
    device: str
    not_device: str
    data: bytes

    @property
    def id(self) -> EventId | None:
        """Its place."""
        return EventId.read(self.place) if self.place else None

    @property
    def call_id(self) -> str | None:
        """The call that the event is about, if it is about one."""
        if not self.name.startswith(("call:", "decision:")):
            return None
        try:
            return _read_call(self.data).call_id
        except msgspec.MsgspecError:  # a newer one, that names its call otherwise
            return None

    def is_for(self, device: str) -> bool:
        """Whether it concerns this device."""
        return (not self.device or self.device == device) and self.not_device != device


class Tail(Struct, frozen=True):
    """What a stream holds: where it ends (now, if it is empty), its first event, and how many events.

    `missed` are the events after the place that was asked for.
    """

    end: EventId
    first: EventId | None
    length: int
    now: int
    log: LogIdentity
    missed: Sequence[Announcement] = ()


def channel(user_id: str) -> str:
    """The channel on which a user's events are announced."""
    return f"user:{{{user_id}}}"


def read_announcements(raw: bytes) -> Sequence[Announcement]:
    """What stream.lua publishes: six lines for each event, those of the last one first."""
    if raw.startswith(_NOT_KEPT):
        return _said_to_many(raw)
    lines = raw.split(b"\n")
    return (_announcement(*lines),) if len(lines) == _LINES else _several(lines)


def _read_lines(raw: bytes) -> Sequence[Announcement]:
    return _several(raw.split(b"\n"))


def _several(lines: Sequence[bytes]) -> Sequence[Announcement]:
    last = _announcement(*lines[:_LINES])
    return (*(_announcement(*lines[at : at + _LINES]) for at in range(_LINES, len(lines), _LINES)), last)


def _announcement(
    place: bytes, before: bytes, name: bytes, device: bytes, not_device: bytes, data: bytes
) -> Announcement:
    return Announcement(place, before, name.decode(), device.decode(), not_device.decode(), data)


_said_to_many = lru_cache(64)(_read_lines)  # what is not kept may be said to many in the same words


class EventLog:
    """Sends events, and reads stored ones. Raises `Unavailable` if Redis does not answer.

    `logs` are those that streams belong to. At least the latest `keep` events are kept, for `keep_s` seconds.
    """

    def __init__(self, redis: RedisClient, *, keep: int, keep_s: int) -> None:
        self._redis = redis
        self.logs = Logs(redis)
        self._keep, self._keep_ms = keep, keep_s * 1000
        self._numbered = NumberedEvents(redis, keep=keep, keep_ms=self._keep_ms)

    def send(
        self,
        user_id: str,
        event: Event,
        *,
        device: str | None = None,
        not_device: str | None = None,
        key: str | None = None,
    ) -> "asyncio.Future[Any]":
        """As `services.ports.Events` promises."""
        name, data = event.event, msgspec.json.encode(event)
        if event.volatile:
            said = _volatile(name, data, device or "", not_device or "")
            return _sent([self._redis.announce(channel(user_id), said)])
        return self.pass_on(user_id, name, data, device=device, not_device=not_device, key=key)

    def pass_on(
        self,
        user_id: str,
        name: str,
        data: bytes,
        *,
        device: str | None,
        not_device: str | None,
        key: str | None,
    ) -> "asyncio.Future[Any]":
        """As `services.ports.Events` promises."""
        return self._redis.gather(
            _EMIT,
            (_stream(user_id),),
            (key or "", name, data, device or "", not_device or ""),
            head=(self._keep, self._keep_ms),
            repeatable=key is not None,  # what was said is marked
            last=True,  # whoever hears it may act on it at once
            fault=unavailable,
        )

    async def announce(self, numbered: Sequence[NumberedEvent]) -> list[int | None]:
        """As `services.ports.Events` promises."""
        stands = await asyncio.gather(*(self._numbered.tell(each) for each in numbered))
        return [None if stand < 0 else stand for stand in stands]

    @property
    def generation(self) -> int:
        """As `services.ports.Events` promises."""
        return self._redis.masters

    async def replicated(self) -> None:
        """As `services.ports.Events` promises."""
        try:
            async with asyncio.timeout(_REPLICATED_S):
                while not await self._redis.replicated():
                    pass  # it has waited for half a second
        except TimeoutError:
            return
        except (RedisError, OSError) as error:
            raise Unavailable from error

    def tell_all(
        self, numbered: Sequence[NumberedEvent]
    ) -> "Iterable[tuple[int, asyncio.Future[Sequence[int | Exception]]]]":
        """As `services.ports.Events` promises."""
        return self._numbered.tell_all(numbered)

    async def look(self) -> Mapping[str, LogIdentity]:
        """Read which logs there are now: `Logs`. One is another than before if Redis has lost data of it."""
        try:
            return await self.logs.look()
        except (RedisError, OSError) as error:
            raise Unavailable from error

    async def _met(self) -> None:
        try:
            await self._redis.met()
        except (RedisError, OSError) as error:
            raise Unavailable from error

    async def _answers(self, *asked: "asyncio.Future[Any]") -> list[Any]:
        """Of what was asked for in one turn, and so in one trip."""
        try:
            return [await each for each in asked]
        except (RedisError, OSError) as error:
            raise Unavailable from error

    def send_all(self, events: Iterable[tuple[str, Event]]) -> "asyncio.Future[None]":
        """As `services.ports.Events` promises."""
        told: list[tuple[bytes, bytes]] = []
        said: dict[int, bytes] = {}
        for user_id, event in list(events):
            if (text := said.get(id(event))) is None:  # what many are told is encoded once
                text = said[id(event)] = _volatile(event.event, msgspec.json.encode(event))
            told.append((channel(user_id).encode(), text))
        if len(told) < bundle.LEAST:
            return _sent([self._redis.announce(where, said) for where, said in told])
        bundles = (told[start : start + bundle.MOST] for start in range(0, len(told), bundle.MOST))
        packed = [bundle.pack(each) for each in bundles]
        return _sent([self._redis.command("PUBLISH", bundle.CHANNEL, each) for each in packed])

    async def after(self, user_id: str, last: EventId) -> list[Announcement]:
        """The stored events after this place, in order. Each but the first knows the event before it.

        Who has a place is told all that is kept; who begins anew (`EventId(0, 0)`), what is not too old.
        """
        now, entries = await self._answers(
            self._redis.command("TIME"), self._redis.command("XRANGE", _stream(user_id), f"({last}", "+")
        )
        found = _read(entries)
        return found if last.ms else self._fresh(found, _ms(now))

    def _fresh(self, found: Sequence[Announcement], now: int) -> list[Announcement]:
        """Those that are not older than is promised: the stream is trimmed by number alone."""
        return [event for event in found if event.id and event.id.ms >= now - self._keep_ms]

    async def tail(self, user_id: str, last: EventId | None = None) -> Tail:
        """The stream as it is now, with the events after the place `last`.

        To make an offset for a state, read the stream first and then the state. Log and stream are of one
        time: if a replica takes over meanwhile, both are read again.
        """
        await self._met()
        while True:
            masters, found = self._redis.masters, await self._tail(user_id, last)
            await self._redis.looked()
            if masters == self._redis.masters:
                return found

    async def _tail(self, user_id: str, last: EventId | None) -> Tail:
        key, ask, part = _stream(user_id), self._redis.command, self.logs.part(user_id)
        asked = [
            self.logs.ask(part),
            ask("TIME"),
            ask("XRANGE", key, "-", "+", "COUNT", 1),
            ask("XREVRANGE", key, "+", "-", "COUNT", 1),
            ask("XLEN", key),
        ]
        if last is not None:
            asked.append(ask("XRANGE", key, f"({last}", "+"))
        log, time, oldest, newest, length, *kept = await self._answers(*asked)
        now = _ms(time)
        # An empty stream ends one millisecond ago: whatever comes has a greater id.
        end = EventId.read(newest[0][0]) if newest else EventId(now - 1, 0)
        first = EventId.read(oldest[0][0]) if oldest else None
        missed = _read(kept[0]) if kept else []
        if len(fresh := self._fresh(missed, now)) < len(missed):  # as if it ended where they are too old
            first = fresh[0].id if fresh else None
        return Tail(end, first, length, now, self.logs.seen(part, log), fresh)

    async def revoked(self, user_id: str, session_id: str | None, code: RevokedCode) -> None:
        """A session (None: all of the user's) is over: every node that holds such a connection closes it."""
        message = b"\n".join((REVOKED, (session_id or "").encode(), code.encode()))
        # Twice is as good as once: the second finds nobody.
        await self._answers(self._redis.announce(channel(user_id), message, repeatable=True))

    async def continued(self, user_id: str, pid: str, sid: str) -> None:
        """Connection `sid` continues the one with this `pid`: nodes that hold an older one close it."""
        message = b"\n".join((CONTINUED, pid.encode(), sid.encode()))
        await self._answers(self._redis.announce(channel(user_id), message, repeatable=True))


def _sent(asked: "Sequence[asyncio.Future[Any]]") -> "asyncio.Future[None]":
    """Ends when all of it is said."""
    sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    together = asked[0] if len(asked) == 1 else asyncio.gather(*asked)
    together.add_done_callback(partial(_tell, sent))
    return sent


def _tell(sent: "asyncio.Future[None]", asked: "asyncio.Future[Any]") -> None:
    """What became of it, for who waits for that."""
    error = None if asked.cancelled() else asked.exception()
    if sent.done():
        return
    if error is not None:
        sent.set_exception(Unavailable() if isinstance(error, RedisError | OSError) else error)
    elif asked.cancelled():
        sent.cancel()
    else:
        sent.set_result(None)


def _volatile(name: str, data: bytes, device: str = "", not_device: str = "") -> bytes:
    """What is not kept needs no script: the lines of an announcement without ids."""
    return f"\n\n{name}\n{device}\n{not_device}\n".encode() + data


def _stream(user_id: str) -> str:
    return f"events:{{{user_id}}}"


def _ms(time: Any) -> int:
    """Of the answer to TIME."""
    seconds, micros = time
    return int(seconds) * 1000 + int(micros) // 1000


def _read(entries: Any) -> list[Announcement]:
    """Stream entries, as Redis gives them. A field that this version does not know is ignored."""
    found: list[Announcement] = []
    before = b""
    for place, words in entries:
        fields = dict(zip(words[::2], words[1::2], strict=True))
        name, device, not_device = (fields.get(k, b"").decode() for k in (b"name", b"device", b"not_device"))
        found.append(Announcement(place, before, name, device, not_device, fields.get(b"data", b"{}")))
        before = place
    return found
