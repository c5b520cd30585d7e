"""Two who met lately meet again only where the operator allows it and neither has anybody else."""

import pytest

from core.contract.queue import QueueUpdated
from realtime.matchmaking.ports import TicketStore
from tests.matching.house import Harness

ALONE_MS = 4_000


@pytest.fixture
def house(store: TicketStore) -> Harness:
    return Harness(store, alone_s=ALONE_MS // 1000)


async def wait(house: Harness, ms: int) -> None:
    """So much time passes, with everyone connected and swept."""
    for _ in range(ms // 500):
        house.clock.pass_ms(500)
        await house.queue.renew(house.people.applicants)
        await house.sweep("video")


async def two_who_met(house: Harness) -> tuple[str, str]:
    ana, ben = house.people.add(), house.people.add(gender="male")
    house.people.met(ana, ben)
    return ana, ben


async def test_alone_they_meet_again_after_a_while(house: Harness) -> None:
    """When both have waited so long."""
    ana, ben = await two_who_met(house)
    await house.join(ana)
    await wait(house, 2_000)
    await house.join(ben)
    await wait(house, ALONE_MS - 500)
    assert not house.pairs()
    await wait(house, 500)
    assert house.pairs() == [frozenset((ana, ben))]


async def test_nobody_meets_again_unless_the_operator_says_so(store: TicketStore) -> None:
    house = Harness(store)
    for user in await two_who_met(house):
        await house.join(user)
    await wait(house, 60_000)
    assert not house.pairs()


async def test_who_meets_again_is_told_no_more_how_the_wait_goes(house: Harness) -> None:
    """Not even by the sweep that brought them together, when their news are due."""
    pair = await two_who_met(house)
    for user in pair:
        await house.join(user)
    await wait(house, ALONE_MS - 500)
    assert not house.pairs()
    heard = [len(house.events.by(user, QueueUpdated)) for user in pair]
    house.clock.pass_ms(2_500)
    await house.queue.renew(pair)
    await house.sweep("video")
    assert house.pairs() == [frozenset(pair)]
    assert [len(house.events.by(user, QueueUpdated)) for user in pair] == heard


async def test_a_crowd_that_has_met_is_asked_about_once_each(store: TicketStore) -> None:
    """Not once for each pair: a sweep of a few who have all met would ask thousands of times."""
    house = Harness(store)
    crowd = [house.people.add(gender=gender) for gender in ("female", "male") * 10]
    for nth, one in enumerate(crowd):
        for other in crowd[:nth]:
            house.people.met(one, other)
        await house.join(one)
    house.people.asked = 0
    await house.sweep("video")
    assert not house.pairs()
    assert 0 < house.people.asked <= len(crowd)


@pytest.mark.parametrize("whose", [0, 1])
async def test_not_while_one_of_them_has_somebody_else(house: Harness, whose: int) -> None:
    """Though wishes still keep that one away. Once they have gone, the two may meet."""
    pair = await two_who_met(house)
    gender = ("female", "male")[whose]
    cal = house.people.add(gender="other", languages=["fr"])
    for user in pair:
        await house.join(user)
    await house.join(cal, genders=[gender], countries=["FR"], intents=["serious"], languages=["de"])
    await wait(house, ALONE_MS + 2_000)
    assert not house.pairs()
    await house.queue.remove(cal, "left")
    await wait(house, 1_000)
    assert house.pairs() == [frozenset(pair)]


async def test_who_was_refused_or_blocked_is_not_met_again(house: Harness) -> None:
    """However long they wait."""
    ana, ben = house.people.add(), house.people.add(gender="male")
    house.people.keep_apart(ana, ben)
    for user in (ana, ben):
        await house.join(user)
    await wait(house, 60_000)
    assert not house.pairs()


async def test_of_three_who_all_met_two_meet_again(house: Harness) -> None:
    """Whom one has met is nobody else."""
    users = [house.people.add() for _ in range(3)]
    for n in range(3):
        house.people.met(users[n], users[n - 1])
    for user in users:
        await house.join(user)
    await wait(house, ALONE_MS)
    assert len(house.pairs()) == 1


async def test_a_crowd_that_is_not_read_whole_may_hold_somebody(house: Harness) -> None:
    """Then nobody meets again, though all who were read are kept apart."""
    ana, ben = await two_who_met(house)
    for user in (ana, ben):
        await house.join(user)
    for _ in range(70):
        stranger = house.people.add(gender="other")
        for user in (ana, ben):
            house.people.keep_apart(user, stranger)
        await house.join(stranger, genders=["female", "male"])
    await wait(house, 20_000)
    assert not house.pairs()
