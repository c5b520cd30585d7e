"""Effects that stand in a row in an outbox and can be performed at once, and what came of them."""

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from typing import Any

from db.periodic import RetryLater
from db.redis.calls import Pending
from signaling import effects as do


async def results_of(work: Sequence[Awaitable[Any]]) -> Sequence[BaseException | None]:
    """What each raised, if anything. One alone needs no task."""
    if len(work) > 1:
        found = await asyncio.gather(*work, return_exceptions=True)
        return [each if isinstance(each, BaseException) else None for each in found]  # not what was answered
    try:
        await work[0]
    except Exception as error:
        return [error]
    return [None]


def is_fault(item: Pending, error: BaseException) -> bool:
    """Whether this effect failed by a fault of ours, and not by an outage. Raises what is neither."""
    with RetryLater("an effect will be tried again", effect=item.key) as trying:
        raise error
    return trying.fault


def rows(pending: Sequence[Pending]) -> Iterator[Sequence[Pending]]:
    """What stands in a row and can be done at once."""
    row: list[Pending] = []
    for item in pending:
        if row and not _at_once(row, item.effect):
            yield row
            row = []
        row.append(item)
    if row:
        yield row


def tells(effect: do.Effect) -> bool:
    """Whether all that it does is to tell somebody."""
    return isinstance(effect, (do.Emit, do.Start))


def _at_once(row: Sequence[Pending], effect: do.Effect) -> bool:
    """Whether it can be done together with these: all are told to somebody, which keeps its order, or they
    are of one kind and each is for somebody else.

    Not so of two who may be matched again: the search for the first would find the second, in vain.
    """
    if tells(effect):
        return tells(row[0].effect)
    whose = _whose(effect)
    return whose is not None and all(
        type(before.effect) is type(effect) and _whose(before.effect) != whose for before in row
    )


def _whose(effect: do.Effect) -> str | None:
    if isinstance(effect, do.Judge | do.LeaveQueue):
        return effect.user_id
    return effect.ticket.user_id if isinstance(effect, do.Reserve) else None
