"""What was stored together is answered in any case: whoever tells of it, tells a part, or raises."""

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pytest

from core.contract.chat import ChatReceipt
from core.ids import new_id
from core.numbered_event import NumberedEvent
from services.announcer import Announcer, Stored

Stands = Sequence[int | Exception]
NO_OUTBOX: Any = None


class Desk:
    """Tells of so many one by one, when it is told to, and raises then."""

    generation = 0

    def __init__(self, tells: int) -> None:
        self.tells = tells
        self.asked: list[asyncio.Future[Stands]] = []

    def tell_all(self, numbered: Sequence[NumberedEvent]) -> Iterator[tuple[int, asyncio.Future[Stands]]]:
        for _ in numbered[: self.tells]:
            self.asked.append(asyncio.get_running_loop().create_future())
            yield 1, self.asked[-1]
        raise ValueError("It cannot be written.")


@pytest.mark.parametrize("tells", [0, 1, 2])
async def test_who_said_what_cannot_be_told_waits_for_nothing(tells: int) -> None:
    """It is stored, and told at a look. What was asked for before is told."""
    desk, answered = Desk(tells), list[int]()
    events: Any = desk
    announcer = Announcer(NO_OUTBOX, events, {})
    told = ChatReceipt(room_id=new_id(), user_id=new_id(), delivered_seq=1, read_seq=1), ("ana",)

    def say(*numbers: int) -> None:
        announcer.tell_all([Stored("room", n, told, partial(_note, answered, n)) for n in numbers])

    say(1, 2, 3)
    assert answered == [1, 2, 3][tells:]
    for asked in desk.asked:
        asked.set_result([-1])
    await asyncio.sleep(0)
    assert sorted(answered) == [1, 2, 3]
    say(4)
    assert answered[3:] == [4], "until a look has succeeded nobody is asked"
    assert len(desk.asked) == tells


def _note(answered: list[int], number: int, _: None) -> None:
    answered.append(number)
