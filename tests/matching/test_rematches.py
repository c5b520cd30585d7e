"""Two who met lately meet again only where the operator allows it and neither has anybody else."""

import pytest

from core.contract.queue import QueueUpdated
from realtime.matchmaking.ports import TicketStore
from tests.matching.harness import Harness

ALONE_MS = 4_000


@pytest.fixture
def harness(store: TicketStore) -> Harness:
    return Harness(store, alone_s=ALONE_MS // 1000)


async def wait(harness: Harness, ms: int) -> None:
    """So much time passes, with everyone connected and swept."""
    for _ in range(ms // 500):
        harness.clock.pass_ms(500)
        await harness.queue.renew(harness.people.accounts)
        await harness.sweep("video")


async def two_who_met(harness: Harness) -> tuple[str, str]:
    ana, ben = harness.people.add(), harness.people.add(gender="male")
    harness.people.met(ana, ben)
    return ana, ben


async def test_alone_they_meet_again_after_a_while(harness: Harness) -> None:
    """When both have waited so long."""
    ana, ben = await two_who_met(harness)
    await harness.join(ana)
    await wait(harness, 2_000)
    await harness.join(ben)
    await wait(harness, ALONE_MS - 500)
    assert not harness.pairs()
    await wait(harness, 500)
    assert harness.pairs() == [frozenset((ana, ben))]


async def test_nobody_meets_again_unless_the_operator_says_so(store: TicketStore) -> None:
    harness = Harness(store)
    for user in await two_who_met(harness):
        await harness.join(user)
    await wait(harness, 60_000)
    assert not harness.pairs()


async def test_who_meets_again_is_told_no_more_how_the_wait_goes(harness: Harness) -> None:
    """Not even by the sweep that brought them together, when their news are due."""
    pair = await two_who_met(harness)
    for user in pair:
        await harness.join(user)
    await wait(harness, ALONE_MS - 500)
    assert not harness.pairs()
    heard = [len(harness.events.by(user, QueueUpdated)) for user in pair]
    harness.clock.pass_ms(2_500)
    await harness.queue.renew(pair)
    await harness.sweep("video")
    assert harness.pairs() == [frozenset(pair)]
    assert [len(harness.events.by(user, QueueUpdated)) for user in pair] == heard


async def test_a_crowd_that_has_met_is_asked_about_once_each(store: TicketStore) -> None:
    """Not once for each pair: a sweep of a few who have all met would ask thousands of times."""
    harness = Harness(store)
    crowd = [harness.people.add(gender=gender) for gender in ("female", "male") * 10]
    for nth, one in enumerate(crowd):
        for other in crowd[:nth]:
            harness.people.met(one, other)
        await harness.join(one)
    harness.people.asked = 0
    await harness.sweep("video")
    assert not harness.pairs()
    assert 0 < harness.people.asked <= len(crowd)


@pytest.mark.parametrize("whose", [0, 1])
async def test_not_while_one_of_them_has_somebody_else(harness: Harness, whose: int) -> None:
    """Though wishes still keep that one away. Once they have gone, the two may meet."""
    pair = await two_who_met(harness)
    gender = ("female", "male")[whose]
    cal = harness.people.add(gender="other", languages=["fr"])
    for user in pair:
        await harness.join(user)
    await harness.join(cal, genders=[gender], countries=["FR"], intents=["serious"], languages=["de"])
    await wait(harness, ALONE_MS + 2_000)
    assert not harness.pairs()
    await harness.queue.remove(cal, "left")
    await wait(harness, 1_000)
    assert harness.pairs() == [frozenset(pair)]


async def test_who_was_refused_or_blocked_is_not_met_again(harness: Harness) -> None:
    """However long they wait."""
    ana, ben = harness.people.add(), harness.people.add(gender="male")
    harness.people.keep_apart(ana, ben)
    for user in (ana, ben):
        await harness.join(user)
    await wait(harness, 60_000)
    assert not harness.pairs()


async def test_of_three_who_all_met_two_meet_again(harness: Harness) -> None:
    """A third whom they have met as well does not count as somebody else."""
    users = [harness.people.add() for _ in range(3)]
    for n in range(3):
        harness.people.met(users[n], users[n - 1])
    for user in users:
        await harness.join(user)
    await wait(harness, ALONE_MS)
    assert len(harness.pairs()) == 1


async def test_a_crowd_that_is_not_read_whole_may_hold_somebody(harness: Harness) -> None:
    """Then nobody meets again, though all who were read are kept apart."""
    ana, ben = await two_who_met(harness)
    for user in (ana, ben):
        await harness.join(user)
    for _ in range(70):
        stranger = harness.people.add(gender="other")
        for user in (ana, ben):
            harness.people.keep_apart(user, stranger)
        await harness.join(stranger, genders=["female", "male"])
    await wait(harness, 20_000)
    assert not harness.pairs()
