"""Calls in Redis while they last, changed by compare-and-set, so that any node can go on with them.

A call lives in a shard: its record, its outbox of effects, its timeline and the time it next wants attention
share one slot of a cluster. What another version wrote and this one cannot use is passed over for a while,
then set aside in a list of the shard, `aside:{calls-<n>}`, for an operator. Postgres keeps what remains of a
call (`db/postgres/call_records.py`).
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from redis.exceptions import ResponseError

from core.clock import DAY_MS
from core.errors import Unavailable
from db.outage import OUTAGES
from db.redis.call_shards import call_keys, shard_of, timeline_key
from db.redis.event_log import STREAM
from db.redis.multiplexed import Arg, RedisClient, load_script
from db.redis.numbered_events import unavailable
from db.redis.signals import LINE_KEPT_MS, NOTE
from db.redis.told import Streams, Told, streams_of, words
from db.redis.unusable import ASIDE_MOST, ASIDE_MS, Unusable
from signaling.call import Call, State
from signaling.effects import AnyEffect, Effect, Effects, Unknown
from signaling.timeline import MOST

RETRY_MS = 2_000
# An effect that fails is tried again after 2, 4, 8, ... s, and given up when it has failed for so long. While
# a store is away nothing fails: effects wait for it as long as the outbox is kept, which is a day.
GIVE_UP_MS = 600_000
UNREADABLE_LOOKS = 30  # each at least `RETRY_MS` after the one before
_AFTERWARDS_MS = 600_000
_KNOWN = 1_000  # calls: those that start in some seconds
_ALONE_MS = 1_000  # for so long nobody else looks for effects that were just saved, well below `RETRY_MS`

_LUA = Path(__file__).with_name("lua")
# Saved twice, it would look as if another change had been faster; put off twice, nobody would have been told.
_REMEMBER = (_LUA / "remember.lua").read_text()
_SAVE = load_script(_LUA / "call_save.lua", repeatable=False, shared=_REMEMBER)
_DUE = load_script(_LUA / "call_due.lua", repeatable=False)
_GIVE_UP = load_script(_LUA / "call_give_up.lua", repeatable=False)
_DONE = load_script(_LUA / "call_done.lua", repeatable=True)
_TELLING = "\n".join((STREAM, NOTE, (_LUA / "told.lua").read_text()))
_SAVE_AND_TELL = load_script(
    _LUA / "call_save_and_tell.lua", repeatable=False, shared=f"{_TELLING}\n{_REMEMBER}"
)
_TELL = load_script(_LUA / "call_tell.lua", repeatable=True, shared=_TELLING)


_T = TypeVar("_T")


class StoredCall(Struct, frozen=True):
    """A call as it was read, with the version that it must still have when a change is saved."""

    call: Call
    version: int


class Due(Struct, frozen=True):
    """Calls that need attention now, and when the next one will (Unix ms); None: there is no other."""

    calls: Sequence[str]
    next_at: int | None


class Pending(Struct, frozen=True):
    """An effect that waits in a call's outbox. `key` is its permanent name, `entry` its text there."""

    key: str
    effect: Effect
    entry: bytes


class Unreadable(Unavailable):
    """This call was written by another version of the server: try again."""


class _Kind(Struct):
    type: str = ""


def _aside(call_id: str) -> str:
    return f"aside:{{calls-{shard_of(call_id)}}}"


class _Alone(Struct, frozen=True):
    """The version at which this process saved a call whose outbox was empty, and when: ms."""

    version: int
    at: int


class RedisCalls:
    """Loads and saves calls. Redis' errors pass through: nothing was saved that was not answered.

    Without `streams` it tells nobody of a change itself.
    """

    def __init__(
        self, redis: RedisClient, unusable: Unusable | None = None, streams: Streams | None = None
    ) -> None:
        self._redis, self._streams = redis, streams
        self._unusable = unusable or Unusable()
        self._known: dict[str, StoredCall] = {}
        self._alone: dict[str, _Alone] = {}
        self._document = msgspec.json.Decoder(Call)
        self._effect: msgspec.json.Decoder[Any] = msgspec.json.Decoder(AnyEffect)

    def known(self, call_id: str) -> StoredCall | None:
        """A call that this process has saved lately, or has failed to, as it was then.

        Only `save` says whether it still is.
        """
        return self._known.get(call_id)

    async def load(self, call_id: str) -> StoredCall | None:
        """The call. None: it never existed, or ended more than ten minutes ago. Raises `Unreadable`."""
        version, document = await self._redis.command("HMGET", call_keys(call_id)[0], "version", "document")
        if not document:
            return None
        try:
            return StoredCall(self._document.decode(document), int(version))
        except msgspec.MsgspecError as error:
            self._unusable.skipped("call", call_id, error)
            raise Unreadable from error

    async def give_up(self, call_id: str) -> bool:
        """Count a failed look at an `Unreadable` call. True: it was the last one, and it is set aside."""
        bounds = (UNREADABLE_LOOKS, ASIDE_MOST, ASIDE_MS)
        gone = await self._redis.run(_GIVE_UP, [*call_keys(call_id), _aside(call_id)], (call_id, *bounds))
        if gone:
            self._unusable.set_aside("call", call_id, "unreadable")
        return bool(gone)

    def tells(self, call: Call) -> bool:
        """Whether it can change this call and tell of it in one step: one server has all the keys."""
        if self._streams is None:
            return False
        if self._redis.is_one_server:
            return True
        tags = (f"calls-{shard_of(call.id)}", *(party.user_id for party in call.parties))
        return len(self._redis.together(tags)) == 1

    async def save(
        self,
        call: Call,
        effects: Effects,
        *,
        version: int,
        now: int,
        told: Sequence[Told] = (),
        notes: Sequence[bytes] = (),
    ) -> list[Pending] | None:
        """Save if it still has `version` (0: a new call). Gives the whole outbox; None: it has changed.

        `notes` of the change go to its timeline. `told`: all that the effects do is to tell this. Then they
        are done in the same step, unless others wait in the outbox, or a user's stream refuses.
        """
        self._known.pop(call.id, None)
        self._alone.pop(call.id, None)
        noted: list[Arg] = [MOST, len(notes), *notes]
        if told and self.tells(call):
            saved = await self._save_and_tell(call, told, version, noted)
            if saved is not None:
                return [] if saved else None
        return await self._save(call, effects, version, now, noted)

    async def _save(
        self, call: Call, effects: Effects, version: int, now: int, noted: Sequence[Arg]
    ) -> list[Pending] | None:
        entries = [msgspec.json.encode(effect) for effect in effects]
        args = (*_document(call, version), now + RETRY_MS, _kept_ms(call), DAY_MS, *noted, *entries)
        keys = [*call_keys(call.id), timeline_key(call.id)]
        first, *before = await self._redis.run(_SAVE, keys, args)
        if first is None:
            self._learn(*before)
            return None
        self._remember(StoredCall(call, version + 1))
        if not before:
            _bounded(self._alone)[call.id] = _Alone(version + 1, now)
        own = enumerate(zip(effects, entries, strict=True), first)
        return [
            *self._read(call.id, before),
            *(Pending(f"{call.id}:{nth}", effect, b"%d %b" % (nth, entry)) for nth, (effect, entry) in own),
        ]

    async def _save_and_tell(
        self, call: Call, told: Sequence[Told], version: int, noted: Sequence[Arg]
    ) -> bool | None:
        """Whether nobody was faster; None: nothing was done, it has to be told by its outbox."""
        assert self._streams is not None
        streams = streams_of(told)
        keeping = (_kept_ms(call), self._streams.keep, self._streams.keep_ms, LINE_KEPT_MS)
        args = [*_document(call, version), *keeping, *noted]
        for each in told:
            args += words(each, streams)
        try:
            keys = [*call_keys(call.id), timeline_key(call.id), *streams]
            saved = await self._redis.run(_SAVE_AND_TELL, keys, args, last=True)
        except OUTAGES:
            raise
        except ResponseError:
            return None
        if isinstance(saved, list):
            self._learn(*saved[1:])
            return False
        if saved:
            self._remember(StoredCall(call, version + 1))
        return True if saved else None

    async def tell(
        self, call: Call, told: Sequence[tuple[Pending, Told]], performed: Sequence[Pending], *, now: int
    ) -> Sequence[Exception | None]:
        """Tell these effects and take them out of the outbox, each once, together with those `performed`.

        Gives for each what kept it from being told, and in the outbox.
        """
        assert self._streams is not None
        streams = streams_of(each for _, each in told)
        alone = self._alone.get(call.id)
        since = alone.version if alone and 0 <= now - alone.at < _ALONE_MS else 0
        numbers = [_number(pending) for pending in performed]
        args: list[Arg] = [
            call.id,
            since,
            self._streams.keep,
            self._streams.keep_ms,
            LINE_KEPT_MS,
            len(numbers),
        ]
        args += numbers
        for pending, each in told:
            args += (_number(pending), *words(each, streams))
        keys = [*call_keys(call.id), timeline_key(call.id), *streams]
        answers = await self._redis.run(_TELL, keys, args, last=True)
        return [unavailable(answer) if isinstance(answer, Exception) else None for answer in answers]

    def _learn(self, version: int, document: bytes | None) -> None:
        """Another change was faster: this is what there is now. What cannot be read, `load` tells of."""
        with suppress(msgspec.MsgspecError):
            if document:
                self._remember(StoredCall(self._document.decode(document), version))

    def _remember(self, stored: StoredCall) -> None:
        if stored.call.state is not State.CLOSED:
            _bounded(self._known)[stored.call.id] = stored

    async def outbox(self, call_id: str) -> list[Pending]:
        """The effects that are not noted as performed, oldest first."""
        return self._read(call_id, await self._redis.command("LRANGE", call_keys(call_id)[1], 0, -1))

    async def done(
        self, call_id: str, performed: Sequence[Pending], failed: Sequence[Pending] = (), *, now: int
    ) -> None:
        """Note effects as performed or failed. Those that have failed for `GIVE_UP_MS` are set aside."""
        bounds = (now, GIVE_UP_MS, RETRY_MS, ASIDE_MOST, ASIDE_MS, len(performed))
        entries = [_number(pending) for pending in performed]
        entries += [pending.entry for pending in failed]
        keys = [*call_keys(call_id), _aside(call_id)]
        aside = await self._redis.run(_DONE, keys, (call_id, *bounds, *entries))
        for pending in self._read(call_id, aside):
            unknown = isinstance(pending.effect, Unknown)
            kind = (
                pending.effect.kind if isinstance(pending.effect, Unknown) else type(pending.effect).__name__
            )
            self._unusable.set_aside("effect", pending.key, "unreadable" if unknown else "failing", kind=kind)

    async def due(self, shards: Iterable[int], now: int, *, limit: int = 50) -> Due:
        """Calls whose deadline has come or whose effects wait too long, put off for `RETRY_MS`.

        At most `limit` of each of these shards.
        """
        keys = [f"attention:{{calls-{shard}}}" for shard in shards]
        # Usually there is none: to see that needs no script.
        asked = [self._redis.command("ZRANGE", key, 0, 0, "WITHSCORES") for key in keys]
        firsts = [(key, await first) for key, first in zip(keys, asked, strict=True)]
        times = [(key, int(first[1])) for key, first in firsts if first]
        args = (now, now + RETRY_MS, limit)
        taking = [self._redis.run(_DUE, [key], args) for key, at in times if at <= now]
        taken = [await each for each in taking]
        ahead = [at for _, at in times if at > now] + [int(at) for _, at in taken if at is not None]
        return Due([call_id.decode() for found, _ in taken for call_id in found], min(ahead, default=None))

    async def forget(self, call_id: str) -> None:
        """Remove the call from those that need attention: its record is gone."""
        await self._redis.command("ZREM", call_keys(call_id)[2], call_id, repeatable=True)

    def _read(self, call_id: str, entries: list[bytes]) -> list[Pending]:
        pending = []
        for entry in entries:
            number, _, document = entry.partition(b" ")
            key = f"{call_id}:{number.decode()}"
            pending.append(Pending(key, self._effect_of(key, document), entry))
        return pending

    def _effect_of(self, key: str, document: bytes) -> Effect:
        try:
            effect: Effect = self._effect.decode(document)
        except msgspec.MsgspecError as error:
            self._unusable.skipped("effect", key, error)
            return Unknown(_kind(document))
        return effect


def _document(call: Call, version: int) -> Sequence[Arg]:
    """What both scripts that save are told first."""
    attention_at = call.attention_at
    return version, msgspec.json.encode(call), call.id, "" if attention_at is None else attention_at


def _kept_ms(call: Call) -> int:
    return _AFTERWARDS_MS if call.state is State.CLOSED else DAY_MS


def _number(pending: Pending) -> bytes:
    """Of an effect in its outbox."""
    return pending.entry.partition(b" ")[0]


def _bounded(known: dict[str, _T]) -> dict[str, _T]:
    """With room for one more."""
    while len(known) >= _KNOWN:
        del known[next(iter(known))]
    return known


def _kind(document: bytes) -> str:
    try:
        return msgspec.json.decode(document, type=_Kind).type
    except msgspec.MsgspecError:
        return ""
