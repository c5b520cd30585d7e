"""Tells of numbered events: each user in their turn, in each lane, and once (`tell.lua`)."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from core.errors import Unavailable
from core.numbered_event import NumberedEvent
from core.tasks import in_any_case
from db.redis.multiplexed import Arg, RedisClient, load_script

_LUA = Path(__file__).with_name("lua")
_TELL = load_script(_LUA / "tell.lua", repeatable=True, shared=(_LUA / "stream.lua").read_text())
# How long it is remembered how far a user was told in a lane; after that the outbox is looked at once.
_TOLD_MS = 86_400_000
_AT_ONCE = 128  # users

Stands = Sequence[int | Exception]


class NumberedEvents:
    """`services.ports.Events` promises what is told. At least the latest `keep` events are kept."""

    def __init__(self, redis: RedisClient, *, keep: int, keep_ms: int) -> None:
        self._redis = redis
        self._head = keep, keep_ms, _TOLD_MS

    def tell(self, each: NumberedEvent) -> "asyncio.Future[int]":
        """One script for all whom one server can tell, of whatever is announced in this turn."""
        said = _said(each)
        parts = [
            self._redis.gather(
                _TELL, _keys(some), (len(some), *said), head=self._head, repeatable=True, fault=unavailable
            )
            for all_of_one in self._redis.together(each.user_ids)
            for some in _batched(all_of_one)
        ]
        return parts[0] if len(parts) == 1 else in_any_case(asyncio.ensure_future(_behind(parts)))

    def tell_all(self, numbered: Sequence[NumberedEvent]) -> "Iterable[tuple[int, asyncio.Future[Stands]]]":
        """One script and one future for many, where one server has everybody; else each by itself."""
        if self._redis.is_one_server:
            for some in _together(numbered):
                yield len(some), (self._script(some) if len(some) > 1 else _each(self.tell(some[0]), _alone))
        else:  # whose server does not answer keeps nobody else waiting
            for each in numbered:
                yield 1, _each(self.tell(each), _alone)

    def _script(self, numbered: Sequence[NumberedEvent]) -> "asyncio.Future[Stands]":
        keys: list[str] = []
        args: list[Arg] = [*self._head]
        for each in numbered:
            keys += _keys(each.user_ids)
            args.append(len(each.user_ids))
            args += _said(each)
        return _each(self._redis.run(_TELL, keys, args), _of_all)


def unavailable(error: BaseException) -> Exception:
    """Whatever it is: an event waits for its turn, and what comes after it waits too."""
    failed = Unavailable()
    failed.__cause__ = error
    return failed


def _keys(user_ids: Sequence[str]) -> list[str]:
    return [key for user_id in user_ids for key in (f"events:{{{user_id}}}", f"told:{{{user_id}}}")]


def _said(each: NumberedEvent) -> Sequence[Arg]:
    event, ends = each.event, each.ends
    return event.event, msgspec.json.encode(event), each.lane, each.number, each.before, len(ends), *ends


def _batched(user_ids: Sequence[str]) -> Iterable[Sequence[str]]:
    """Those of a large group are told by several scripts, between which others have their turn."""
    if len(user_ids) <= _AT_ONCE:
        return (user_ids,)
    return [user_ids[at : at + _AT_ONCE] for at in range(0, len(user_ids), _AT_ONCE)]


def _together(numbered: Sequence[NumberedEvent]) -> Iterable[Sequence[NumberedEvent]]:
    """In their order, as many as one script may tell."""
    some: list[NumberedEvent] = []
    users = 0
    for each in numbered:
        users += len(each.user_ids)
        if some and users > _AT_ONCE:
            yield some
            some, users = [], len(each.user_ids)
        some.append(each)
    if some:
        yield some


async def _behind(parts: "Sequence[asyncio.Future[int]]") -> int:
    """The least number at which somebody stands whose turn has not come, of answers of tell.lua; or -1."""
    behind = [stand for part in parts if (stand := await part) >= 0]
    return min(behind, default=-1)


def _each(asked: "asyncio.Future[Any]", stands: Callable[[Any], Stands]) -> "asyncio.Future[Stands]":
    """What was answered, for who waits for that."""
    answered: asyncio.Future[Stands] = asked.get_loop().create_future()
    asked.add_done_callback(partial(_answer, answered, stands))
    return answered


def _answer(
    answered: "asyncio.Future[Stands]", stands: Callable[[Any], Stands], asked: "asyncio.Future[Any]"
) -> None:
    error = None if asked.cancelled() else asked.exception()
    if answered.done():
        return
    if asked.cancelled():
        answered.cancel()
    elif error is not None:
        answered.set_exception(error if isinstance(error, Unavailable) else unavailable(error))
    else:
        answered.set_result(stands(asked.result()))


def _alone(stand: int) -> Stands:
    return (stand,)


def _of_all(stands: Stands) -> Stands:
    return [stand if isinstance(stand, int) else unavailable(stand) for stand in stands]
