"""Connections that stand and answer nothing: what they mean to an offer and to a call."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from core.clock import now_ms
from core.contract.calls import CallOffered, CallStarted
from db.redis.event_log import Announcement
from realtime.gateway.caller import Caller
from realtime.gateway.liveness import LivenessMonitor
from signaling.call import Call, State
from signaling.messages import Decline
from tests.calls.nodes import CallNode, Silence
from tests.patience import PATIENCE_S
from tests.stores.world import World


class Deaf(Silence):
    """A writer whose clients answer pings only when they are awake."""

    def __init__(self) -> None:
        self.awake: set[str] = set()
        self.pinged: list[str] = []

    def ping(self, sid: str) -> None:
        self.pinged.append(sid)

    def heard(self, sid: str) -> bool:
        return sid in self.awake


async def until(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await holds():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"never: {what}") from None


@pytest.fixture
def writer() -> Deaf:
    return Deaf()


@pytest.fixture
def liveness(node: CallNode, writer: Deaf) -> LivenessMonitor:
    """Its time is moved by `tick`."""
    return node.liveness(writer, lambda: 0.0)


def told(name: str, call: Call) -> Announcement:
    return Announcement(b"", b"", name, "", "", b'{"call_id":"%b"}' % call.id.encode())


async def present(node: CallNode, user_id: str) -> Caller:
    caller = node.holds(user_id)
    await node.services.lifecycle.arrived(caller)
    return caller


async def state(node: CallNode, call: Call) -> State:
    stored = await node.stores.calls.load(call.id)
    assert stored is not None
    return stored.call.state


async def test_an_offer_stands_while_one_device_answers(world: World, node: CallNode) -> None:
    """The phone sleeps, the laptop does not; when both do, the other keeps the place: no fault."""
    ana, ben = await world.pair()
    phone = await present(node, ana)
    laptop = Caller(ana, phone.session_id, "a laptop", f"{phone.sid} too")
    await node.services.lifecycle.arrived(laptop)
    call = await node.offered((ana, ben))
    await node.services.lifecycle.silent(phone)
    assert await state(node, call) is State.OFFERED
    await node.services.lifecycle.silent(laptop)
    stored = await node.stores.calls.load(call.id)
    assert stored is not None
    ended = stored.call
    assert (ended.state, ended.reason, ended.at_fault) == (State.CLOSED, "no_answer", ())
    assert await node.services.queue.of(ben) == call.party(ben).ticket
    assert await node.services.queue.of(ana) is None
    await node.services.queue.remove(ben, "left")


async def test_two_who_sleep_are_both_out_of_the_queue(world: World, node: CallNode) -> None:
    """The first silence gives the other the place back, the second takes it: nobody is offered to either."""
    ana, ben = await world.pair()
    phones = [await present(node, user_id) for user_id in (ana, ben)]
    await node.offered((ana, ben))
    for phone in phones:
        await node.services.lifecycle.silent(phone)
    for user_id in (ana, ben):
        assert await node.services.queue.of(user_id) is None


async def test_who_is_offered_and_says_nothing_is_asked_and_has_so_long(
    world: World, node: CallNode, liveness: LivenessMonitor, writer: Deaf
) -> None:
    ana, ben = await world.pair()
    hers, his = await present(node, ana), await present(node, ben)
    call = await node.offered((ana, ben))
    for caller in (hers, his):
        liveness.told(caller.sid, told(CallOffered.event, call))
    assert not writer.pinged, "they may answer by themselves"
    liveness.tick(250)
    assert writer.pinged == [hers.sid, his.sid]
    writer.awake = {his.sid}
    for _ in range(7):
        liveness.tick(250)
    assert await state(node, call) is State.OFFERED
    liveness.tick(250)

    async def over() -> bool:
        return await state(node, call) is State.CLOSED

    await until(over, "the offer to one who sleeps was over")
    assert await node.services.presence.devices(ana) == set()
    assert await node.services.presence.devices(ben) == {his.device}
    await node.services.queue.remove(ben, "left")


async def test_who_answers_an_offer_is_not_asked_whether_they_are_there(
    world: World, node: CallNode, liveness: LivenessMonitor, writer: Deaf
) -> None:
    ana, ben = await world.pair()
    hers, his = await present(node, ana), await present(node, ben)
    call = await node.offered((ana, ben))
    for caller in (hers, his):
        liveness.told(caller.sid, told(CallOffered.event, call))
    writer.awake = {hers.sid}
    liveness.tick(250)
    writer.awake.clear()
    liveness.tick(250)
    assert writer.pinged == [his.sid]
    await node.services.call_service.tell(call.id, Decline(ben))


async def test_who_has_just_accepted_is_not_asked_again_at_the_start(
    world: World, node: CallNode, liveness: LivenessMonitor, writer: Deaf
) -> None:
    """Their word was heard. The other one's was long ago: they have accepted first."""
    ana, ben = await world.pair()
    hers, his = await present(node, ana), await present(node, ben)
    call = await node.offered((ana, ben))
    for caller in (hers, his):
        liveness.told(caller.sid, told(CallOffered.event, call))
    writer.awake = {hers.sid}
    for caller in (hers, his):
        liveness.told(caller.sid, told(CallStarted.event, call))
    writer.awake.clear()
    liveness.tick(250)
    assert writer.pinged == [his.sid]
    await node.services.call_service.tell(call.id, Decline(ben))


async def in_a_call(world: World, node: CallNode, liveness: LivenessMonitor) -> tuple[Caller, Call]:
    """Ana, who has been told of the start of hers."""
    ana, ben = await world.pair()
    hers = await present(node, ana)
    call = await node.live((ana, ben))
    liveness.told(hers.sid, told(CallStarted.event, call))
    return hers, call


async def test_a_pause_of_the_node_is_nobodys_silence(
    world: World, node: CallNode, liveness: LivenessMonitor, writer: Deaf
) -> None:
    """It stood still for a minute: what came meanwhile has not been read yet."""
    hers, call = await in_a_call(world, node, liveness)
    for _ in range(4):
        liveness.tick(60_000)
    writer.awake = {hers.sid}
    liveness.tick(250)
    assert not liveness._jobs
    assert await state(node, call) is State.LIVE


async def test_in_a_call_one_is_asked_every_few_seconds_and_missed_until_one_speaks(
    world: World, node: CallNode, liveness: LivenessMonitor, writer: Deaf
) -> None:
    hers, call = await in_a_call(world, node, liveness)
    for _ in range(28):
        liveness.tick(250)
    assert writer.pinged == [hers.sid] * 3, "at once, and after three and six seconds"

    async def is_in(wanted: State) -> bool:
        liveness.tick(250)
        return await state(node, call) is wanted

    await until(lambda: is_in(State.RECONNECTING), "who slept was missed")
    assert node.connections.speaking == []
    writer.awake = {hers.sid}
    await until(lambda: is_in(State.LIVE), "who woke up was back")
    await asyncio.gather(*liveness._jobs)
    assert node.connections.speaking == [hers]
    assert (await node.stores.presence.read_many([hers.user_id], now_ms()))[hers.user_id].devices == {
        hers.device
    }


async def test_who_was_taken_for_gone_is_back_with_the_next_renewal(world: World, node: CallNode) -> None:
    """Another node has judged the lease: renewing does all that an arrival does."""
    ana, ben = await world.pair()
    hers = await present(node, ana)
    call = await node.live((ana, ben))
    await node.stores.presence.depart(ana, hers.sid, now_ms())
    await node.services.lifecycle.lost(ana, hers.device)
    assert await state(node, call) is State.RECONNECTING
    leases = node.leases(every_s=1, lease_s=1)
    await leases.renew()
    leases._liveness.tick(250)

    async def back() -> bool:
        return await state(node, call) is State.LIVE

    await until(back, "the call went on")
    assert await node.services.presence.devices(ana) == {hers.device}
