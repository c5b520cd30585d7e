"""What both stores of tickets note of who waited, and how."""

import pytest

from core.ticket import Claim, Wait
from matching.habit import Habit
from realtime.matchmaking.ports import TicketStore
from tests.matching.people import T0, again, new_id, put, ticket


async def test_who_leaves_by_themselves_is_noted_once_in_a_while(store: TicketStore) -> None:
    """With how long they waited, also if their connection was lost; who comes and goes all the time, once."""
    ana = ticket(gender="female", genders=("male",))
    for ms in (0, 5_000, 10_000, 1_000_000):
        one = again(ana, joined_at=T0 + ms)
        assert await store.join(one, T0 + 3_000_000) == one
        await store.leave(ana.user_id, "left", at=one.joined_at + 1_000 + ms)
    ben = ticket(gender="male", genders=("female",), joined_at=T0)
    await store.join(ben, T0 + 20_000)
    await store.lapse(T0 + 20_000, 10_000)
    women, men = "female:male", "male:female"
    assert list((await store.market("video")).waits) == [
        Wait(men, 10_000, left=True, at=T0 + 10_000),
        Wait(women, 1_001_000, left=True, at=T0 + 2_001_000),
        Wait(women, 1_000, left=True, at=T0 + 1_000),
    ]


async def test_it_is_known_how_somebody_has_waited(store: TicketStore) -> None:
    """Each time counts, however often they leave, and who was matched or waited to the end has not left."""
    ana = ticket(gender="female", genders=("male",), traits=("client=phone",))
    ben = ticket(gender="male", genders=("female",))
    assert (await store.before(ana.user_id)).habit == Habit()
    for ms in (0, 5_000, 10_000):
        one = again(ana, joined_at=T0 + ms)
        await store.join(one, T0 + 900_000)
        await store.leave(ana.user_id, "left", at=one.joined_at + 4_000)
    assert (await store.before(ana.user_id)).habit == Habit(waits=3, left=3, ms=12_000)
    assert (await store.before(ana.user_id)).habit.trait == "habit=leaves_soon"
    await put(store, late := again(ana, joined_at=T0 + 20_000), ben)
    await store.leave(ben.user_id, "moderated")
    await store.leave(late.user_id, "timed_out", at=T0 + 80_000)
    assert (await store.before(ben.user_id)).habit == Habit(), "they were put out"
    assert (await store.before(ana.user_id)).habit == Habit(waits=4, left=3, ms=72_000)
    assert (await store.market("video")).waits[0].traits == ("client=phone",)
    for nth in range(14):
        one = again(ana, joined_at=T0 + 100_000 * nth)
        await store.join(one, T0 + 9_000_000)
        await store.leave(ana.user_id, "left", at=one.joined_at + 1)
    assert (await store.before(ana.user_id)).habit == Habit(waits=9, left=9, ms=36_007), (
        "long ago counts for less"
    )


async def test_who_does_not_accept_has_left_and_it_is_known(store: TicketStore) -> None:
    """Once for each call, and as one departure in a quarter of an hour. Who skips waits on."""
    ana = ticket(gender="female", genders=("male",), traits=("client=phone",))
    ben = ticket(gender="male", genders=("female",))
    for nth, gone in enumerate((True, False, True)):
        at = T0 + 60_000 * nth
        two = [again(one, joined_at=at) for one in (ana, ben)]
        await put(store, *two)
        claim = Claim(call_id=new_id(), first=two[0], second=two[1], claimed_at=at + 2_000)
        assert (await store.claim(claim)).outcome == "both"
        await store.settle(claim)
        for _ in range(2):
            await store.missed(two[0], claim.call_id, at + 5_000, waited_ms=2_000, gone=gone)
    assert (await store.before(ana.user_id)).habit == Habit(3, 2, 6_000, 3, 2 + 1)
    assert (await store.before(ben.user_id)).habit == Habit(3, 0, 6_000, 3, 0)
    waits = (await store.market("video")).waits
    left = Wait("female:male", 2_000, left=True, at=T0 + 5_000, traits=("client=phone",))
    assert [wait for wait in waits if wait.left] == [left]
    assert len(waits) == 7


async def test_what_was_learnt_of_somebody_goes_with_their_account(store: TicketStore) -> None:
    """How they waited and answered, and that they were noted: it says nothing of anybody any more."""
    ana, ben = ticket(gender="female"), ticket(gender="male")
    for one in (ana, ben):
        await put(store, one)
        await store.leave(one.user_id, "left", at=T0 + 3_000)
    await store.forget(ana.user_id)
    assert (await store.before(ana.user_id)).habit == Habit()
    assert (await store.before(ben.user_id)).habit == Habit(1, 1, 3_000)
    await store.missed(ana, new_id(), T0 + 4_000, waited_ms=1, gone=False)
    assert (await store.before(ana.user_id)).habit == Habit(), "an offer that ends late brings nothing back"


@pytest.mark.parametrize(
    ("found_ms", "learnt"), [(0, True), (9_999, True), (10_000, False), (600_000, False)]
)
async def test_of_an_outage_nothing_is_learnt(store: TicketStore, found_ms: int, learnt: bool) -> None:
    """Whose lease ended while nobody was there to judge for as long as a lease lost their place, and are
    told so; that they would have left by themselves nobody knows. Sooner it is a departure like any other."""
    ana = ticket(joined_at=T0)
    await store.join(ana, T0 + 20_000)
    (gone,) = await store.lapse(T0 + 20_000 + found_ms, 10_000)
    assert (gone.ticket_id, gone.reason) == (ana.id, "disconnected")
    assert len((await store.market("video")).waits) == learnt
