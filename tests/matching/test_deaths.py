"""A node dies before each step, one after the other, of what it does most, or the step takes too long; the
others make it good."""

from collections.abc import Callable, Iterator

import pytest

from core.contract.queue import Preferences
from tests.matching.machine import MatchingMachine
from tests.matching.steps import Loop, Operation
from tests.matching.stores import MemoryStores
from tests.matching.test_properties import EVERYBODY

STEPS = 40  # more than any of these takes


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


def searches(crowd: MatchingMachine, *, until: str = "") -> Operation:
    """Two wait, and a node is about to look for the partner of one, or has made this call last."""
    for user in (0, 1):
        crowd.joins(user, 0, "video", Preferences(), None)
    node = crowd.world.nodes[0]
    crowd.start(node, "searches", node.search(), None)  # of who was there first, and alone
    step = crowd.world.start(f"{node.name} searches", node.search(), 0)
    while until not in step.trail and until:
        crowd.world.go(step, 1)
    return step


def offer_is_refused(crowd: MatchingMachine) -> Operation:
    """One of the two is banned between claim and offer."""
    step = searches(crowd, until="tickets.claim")
    crowd.world.ban(crowd.users[0])
    return step


def says(what: str, *, settled: bool) -> Callable[[MatchingMachine], Operation]:
    """One of the two answers an offer, of which the claim stands no more, or still does."""

    def answer(crowd: MatchingMachine) -> Operation:
        step = searches(crowd, until="" if settled else "calls.save")
        if settled:
            crowd.world.go(step)
        else:
            crowd.world.crash(crowd.world.nodes[0])
        node, user = crowd.world.nodes[1], crowd.users[0]
        work = crowd.world.tell(node, crowd.journal.active[user], crowd.message(user, what))
        return crowd.world.start(f"{node.name} says {what}", work, 0)

    return answer


def joins_on_a_second_device(crowd: MatchingMachine) -> Operation:
    """A join has begun when the other device's is matched."""
    first = searches(crowd)
    node, user = crowd.world.nodes[1], crowd.users[0]
    step = crowd.world.start(f"{node.name} joins", crowd.world.join(node, user, "video", Preferences()), 2)
    crowd.world.go(first)
    return step


SCENES: dict[str, Callable[[MatchingMachine], Operation]] = {
    "an offer": searches,
    "an offer that is refused": offer_is_refused,
    "a refusal": says("no", settled=True),
    "a refusal while the claim stands": says("no", settled=False),
    "a skip": says("next", settled=True),
    "a skip while the claim stands": says("next", settled=False),
    "a join that a match overtakes": joins_on_a_second_device,
}


@pytest.mark.parametrize("scene", SCENES)
def test_a_death_at_any_step_loses_nobody(scene: str, loop: Loop) -> None:
    """Nobody is in the queue and in a call, the others have their places, and nothing is left behind."""
    for crowd, step in each_step(scene, loop):
        crowd.everything_settles(finishing=False)
        assert step.died


@pytest.mark.parametrize("scene", SCENES)
def test_a_step_that_takes_too_long_loses_nobody(scene: str, loop: Loop) -> None:
    """The same where the time of a command is over: what it did not come to is done later."""
    for crowd, step in each_step(scene, loop):
        crowd.world.overtake()
        crowd.everything_settles(finishing=True)
        assert step.ended


def each_step(scene: str, loop: Loop) -> Iterator[tuple[MatchingMachine, Operation]]:
    """Before each of the steps of what is done: in the end, nothing forbidden has happened."""
    for steps in range(STEPS):
        crowd = MatchingMachine(loop, MemoryStores(EVERYBODY))
        try:
            step = SCENES[scene](crowd)
            if not step.ended:
                crowd.world.go(step, steps)
            if step.ended:
                return
            yield crowd, step
            crowd.nothing_forbidden_has_happened()
        finally:
            crowd.teardown()
    raise AssertionError(f"{scene} takes more than {STEPS} steps")
