"""An answer that comes later: told once, in the turn in which it is known, whoever asks first."""

import asyncio

import pytest

from core.later import Later, another, follow


def test_who_asked_before_is_told_as_it_is_settled() -> None:
    told: list[str] = []
    later = Later[str]()
    later.then(told.append)
    assert told == []
    later.settle("yes")
    assert told == ["yes"]


def test_who_asks_afterwards_is_told_at_once() -> None:
    told: list[str] = []
    later = Later[str]()
    later.settle("yes")
    later.then(told.append)
    assert told == ["yes"]


async def test_it_can_be_awaited_before_and_after() -> None:
    later = Later[str]()
    later.settle("yes")
    assert await later == "yes"
    other = Later[str]()
    asyncio.get_running_loop().call_soon(other.settle, "later")
    assert await other == "later"


async def test_who_no_longer_waits_is_left_alone() -> None:
    later = Later[str]()

    async def wait() -> str:
        return await later

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    later.settle("too late")


def test_each_who_asked_is_told_what_the_one_before_made_of_it() -> None:
    told: list[object] = []
    later = Later[str]()
    later.then(lambda answer, more: answer + more, " and more").then(told.append)
    later.settle("yes")
    later.settle("no")
    assert told == ["yes and more"]


def test_an_error_takes_the_place_of_an_answer() -> None:
    told: list[object] = []
    error = ValueError()
    Later[str]().then(told.append).settle(error)
    assert told == [error]


def test_who_cannot_take_it_keeps_it_from_nobody_else() -> None:
    told: list[object] = []
    laters = [Later[str]().then(int), Later[str]().then(told.append)]
    for later in laters:
        later.settle("no number")
    assert told == ["no number"]


@pytest.mark.parametrize("settled", ["before", "between", "after"])
async def test_who_comes_after_one_that_could_not_take_it_is_told_why(settled: str) -> None:
    """Whoever asked is not told: it is all the same whether it was known by then."""
    told: list[object] = []

    def hear(outcome: object) -> object:
        told.append(outcome)
        return outcome

    later = Later[str]()
    if settled == "before":
        later.settle("no number")
    later.then(int)
    if settled == "between":
        later.settle("no number")
    later.then(hear)
    if settled == "after":
        later.settle("no number")
    assert [type(each) for each in told] == [ValueError]
    with pytest.raises(ValueError, match="no number"):
        await later


async def test_what_was_awaited_can_be_awaited_again() -> None:
    """Before it is settled and after, an answer or an error."""
    loop = asyncio.get_running_loop()
    for outcome in ("yes", ValueError("no")):
        later = Later[str]()

        async def wait(later: Later[str]) -> str:
            return await later

        waiting = [asyncio.ensure_future(wait(later)) for _ in range(2)]
        loop.call_soon(later.settle, outcome)
        heard = await asyncio.gather(*waiting, wait(later), return_exceptions=True)
        assert heard == [outcome] * 3
        assert later.outcome is outcome


async def test_one_who_no_longer_waits_takes_nothing_from_who_comes_later() -> None:
    """They were about to be told when they left."""
    later = Later[str]()

    async def wait() -> str:
        return await later

    leaving = asyncio.create_task(wait())
    await asyncio.sleep(0)
    later.settle("yes")
    leaving.cancel()
    assert await later == "yes"


def test_one_who_asks_while_others_are_told_is_told_what_is_known() -> None:
    told: list[object] = []
    later = Later[str]()
    later.then(lambda said: later.then(told.append) and said)
    later.settle("yes")
    assert told == ["yes"]


class Unique(Exception):
    def __init__(self, one: str, other: str) -> None:
        super().__init__(one + other)


def test_each_who_waits_has_an_error_of_their_own() -> None:
    """It knows where it comes from; one that cannot be made again is everybody's."""
    error = OSError(5, "away")
    own = another(error)
    assert own is not error
    assert own.__cause__ is error
    assert (type(own), own.errno, str(own)) == (OSError, 5, str(error))
    unique = Unique("a", "b")
    assert another(unique) is unique


async def test_an_error_is_raised_where_it_is_awaited() -> None:
    later = Later[str]()
    later.settle(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        await later


async def test_a_future_is_followed_and_cancelled() -> None:
    loop = asyncio.get_running_loop()
    answered, failed, left, known = (loop.create_future() for _ in range(4))
    known.set_result("known")
    assert follow(known).outcome == "known"
    followed = [follow(answered), follow(failed)]
    answered.set_result("yes")
    failed.set_exception(KeyError())
    await asyncio.sleep(0)
    assert [later.done for later in followed] == [True, True]
    assert followed[0].outcome == "yes"
    assert isinstance(followed[1].outcome, KeyError)
    later = follow(left)
    later.cancel()
    assert left.cancelled()
    with pytest.raises(asyncio.CancelledError):
        await later
    assert follow(later) is later
