"""The event log, through which all events reach users: a bounded stream and a pub/sub channel for each user.

One script writes both. A node reads a stream when it has missed an announcement, and when a client comes back
with an offset.
"""

import secrets
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import NoScriptError, RedisError

from core.errors import Unavailable
from core.numbered_event import NumberedEvent
from core.vocabulary import RevokedCode
from core.wire.message import Event

_EMIT, _LOG = (
    Path(__file__).with_name("lua").joinpath(f"{name}.lua").read_text() for name in ("emit", "log")
)
REVOKED = b"revoked"
# How long it is remembered how far a user was told in a lane; after that the outbox is looked at once.
_TOLD_MS = 86_400_000
_Keys = tuple[str, str]
_Said = tuple[str, bytes, str, str, str]  # name, payload, kind, device, not device


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


class _OfCall(Struct, frozen=True):
    call_id: str | None = None


class Announcement(Struct, frozen=True):
    """An event as a node hears or reads it. Volatile: no `id`. `before`: the one before it, if known.

    A newer node may have sent it: name and payload are passed on as they are, known or not.
    """

    id: EventId | None
    before: EventId | None
    name: str
    device: str
    not_device: str
    data: bytes

    @property
    def call_id(self) -> str | None:
        """The call that the event is about, if it is about one."""
        if not self.name.startswith(("call:", "decision:")):
            return None
        try:
            return msgspec.json.decode(self.data, type=_OfCall).call_id
        except msgspec.MsgspecError:  # a newer one, that names its call otherwise
            return None

    def is_for(self, device: str) -> bool:
        """Whether it concerns this device."""
        return (not self.device or self.device == device) and self.not_device != device


class LogIdentity(Struct, frozen=True):
    """The log that all streams belong to, until Redis loses its data: its name, and its beginning in Redis'
    ms.

    `looks` counts how often it was read: fewer than before mean that Redis is back with older data.
    """

    name: str = ""
    born: int = 0
    looks: int = 0


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


def read_announcement(raw: bytes) -> Announcement:
    """The six lines that emit.lua publishes."""
    id_, before, name, device, not_device, data = raw.split(b"\n", 5)
    return Announcement(
        EventId.parse(id_.decode()) if id_ else None,
        EventId.parse(before.decode()) if before else None,
        name.decode(),
        device.decode(),
        not_device.decode(),
        data,
    )


class EventLog:
    """Sends events, and reads stored ones. Raises `Unavailable` if Redis does not answer.

    `log` is the log as it was read last.
    """

    def __init__(self, redis: Redis, *, keep: int, keep_s: int) -> None:
        self._redis = redis
        self._emit, self._log = redis.register_script(_EMIT), redis.register_script(_LOG)
        self.log = LogIdentity()
        self._keep, self._keep_ms = keep, keep_s * 1000

    async def send(
        self,
        user_id: str,
        event: Event,
        *,
        device: str | None = None,
        not_device: str | None = None,
        key: str | None = None,
    ) -> None:
        """As `services.ports.Events` promises."""
        kind = "volatile" if type(event).volatile else "once" if key else "durable"
        said = (type(event).event, msgspec.json.encode(event), kind, device or "", not_device or "")
        await self._say(user_id, said, key)

    async def pass_on(
        self, user_id: str, name: str, data: bytes, *, device: str | None, not_device: str | None, key: str
    ) -> None:
        """As `services.ports.Events` promises."""
        await self._say(user_id, (name, data, "once", device or "", not_device or ""), key)

    async def _say(self, user_id: str, said: _Said, key: str | None) -> None:
        keys = self._keys(user_id, f"said:{{{user_id}}}:{key or ''}")
        try:
            await self._emit(keys=keys, args=self._args(user_id, *said))
        except (RedisError, OSError) as error:
            raise Unavailable from error

    async def announce(self, numbered: Sequence[NumberedEvent]) -> list[int | None]:
        """As `services.ports.Events` promises."""
        data = {
            id(event): msgspec.json.encode(event)
            for event in {id(n.event): n.event for n in numbered}.values()
        }

        def ask(pipe: Pipeline) -> None:
            for n in numbered:
                keys = self._keys(n.user_id, f"told:{{{n.user_id}}}")
                args = self._args(n.user_id, type(n.event).event, data[id(n.event)], "next", "", "")
                turn = (n.lane, n.number, n.before, _TOLD_MS)
                pipe.evalsha(self._emit.sha, len(keys), *keys, *args, *turn)

        try:
            replies = await self._trip(ask)
        except (RedisError, OSError) as error:
            raise Unavailable from error
        return [reply if isinstance(reply, int) else None for reply in replies]

    async def look(self) -> LogIdentity:
        """Read which log there is now. It is another one than before if Redis has lost its data."""
        try:
            [reply] = await self._trip(self._ask_for_log)
        except (RedisError, OSError) as error:
            raise Unavailable from error
        return self._seen(reply)

    def _ask_for_log(self, pipe: Pipeline) -> None:
        pipe.evalsha(self._log.sha, 1, "events:log", self.log.name, self.log.looks, secrets.token_hex(6))

    def _seen(self, reply: Any) -> LogIdentity:
        name, born, looks = reply
        found = LogIdentity(name.decode(), int(born), looks)
        if found.name != self.log.name or looks > self.log.looks:  # answers may cross
            self.log = found
        return found

    async def _trip(self, ask: Callable[[Pipeline], None]) -> list[Any]:
        """Send all commands in one trip; again if a restart of Redis has made it forget the scripts."""
        for _ in range(2):
            async with self._redis.pipeline(transaction=False) as pipe:
                ask(pipe)
                replies = await pipe.execute(raise_on_error=False)
            mistakes = [reply for reply in replies if isinstance(reply, Exception)]
            if not any(isinstance(mistake, NoScriptError) for mistake in mistakes):
                break
            for script in (_EMIT, _LOG):
                await self._redis.script_load(script)
        if mistakes:
            raise mistakes[0]
        return replies

    def _keys(self, user_id: str, mark: str) -> _Keys:
        return f"events:{{{user_id}}}", mark

    def _args(
        self, user_id: str, name: str, data: bytes, kind: str, device: str, not_device: str
    ) -> tuple[str | int | bytes, ...]:
        """The arguments of emit.lua that every event has."""
        about = (channel(user_id), name, data, device, not_device)
        return *about, self._keep, self._keep_ms, kind

    async def send_all(self, events: Iterable[tuple[str, Event]]) -> None:
        """As `services.ports.Events` promises."""
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for user_id, event in events:
                    said = b"\n".join((b"", b"", event.event.encode(), b"", b"", msgspec.json.encode(event)))
                    pipe.publish(channel(user_id), said)
                await pipe.execute()
        except (RedisError, OSError) as error:
            raise Unavailable from error

    async def after(self, user_id: str, last: EventId) -> list[Announcement]:
        """The stored events after this place, in order. Each but the first knows the event before it."""
        try:
            entries: Any = await self._redis.xrange(f"events:{{{user_id}}}", min=f"({last}", max="+")
        except (RedisError, OSError) as error:
            raise Unavailable from error
        return _read(entries)

    async def tail(self, user_id: str, last: EventId | None = None) -> Tail:
        """The stream as it is now, with the events after the place `last`.

        To make an offset for a state, read the stream first and then the state.
        """
        key = f"events:{{{user_id}}}"

        def ask(pipe: Pipeline) -> None:
            self._ask_for_log(pipe)
            pipe.time()
            pipe.xrange(key, count=1)
            pipe.xrevrange(key, count=1)
            pipe.xlen(key)
            if last is not None:
                pipe.xrange(key, min=f"({last}", max="+")

        log, (seconds, micros), oldest, newest, length, *missed = await self._trip(ask)
        now = seconds * 1000 + micros // 1000
        # An empty stream ends one millisecond ago: whatever comes has a greater id.
        end = EventId.parse(newest[0][0].decode()) if newest else EventId(now - 1, 0)
        start = EventId.parse(oldest[0][0].decode()) if oldest else None
        return Tail(end, start, length, now, self._seen(log), _read(missed[0]) if missed else ())

    async def revoked(self, user_id: str, session_id: str | None, code: RevokedCode) -> None:
        """A session (None: all of the user's) is over: every node that holds such a connection closes it."""
        message = b"\n".join((REVOKED, (session_id or "").encode(), code.encode()))
        try:
            await self._redis.publish(channel(user_id), message)
        except (RedisError, OSError) as error:
            raise Unavailable from error


def _read(entries: Any) -> list[Announcement]:
    """Stream entries, as Redis gives them. A field that this version does not know is ignored."""
    found: list[Announcement] = []
    before: EventId | None = None
    for raw_id, fields in entries:
        id_ = EventId.parse(raw_id.decode())
        name, device, not_device = (fields.get(k, b"").decode() for k in (b"name", b"device", b"not_device"))
        found.append(Announcement(id_, before, name, device, not_device, fields.get(b"data", b"{}")))
        before = id_
    return found
