"""The short form of `make chaos`, and the same with a network that lies, which it has to notice.

Ten users behind the real load balancer. Timers are short where they are waited for, and long where a busy
machine would run into them. What is left to chance is drawn by a seed, which a failure tells: `CHAOS_SEED=7`
takes another one.
"""

import itertools
import os
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from random import Random

import pytest

from tests.chaos.checks import ghosts
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.history import History
from tests.chaos.rounds import quietly, run
from tests.chaos.scene import Pace, Scene, scene
from tests.chaos.stores import Stores
from tests.chaos.wire import Meddle
from tests.patience import PATIENCE_S

QUICK = {"CONNECTION_LEASE_S": "3", "QUEUE_LEASE_S": "3", "DRAIN_NOTICE_S": "2", "DRAIN_S": "1"}
PATIENT = {
    "ANSWER_S": "20",
    "OFFER_S": "30",
    "OFFER_SILENCE_S": "30",
    "CONNECT_S": "60",
    "CALL_SILENCE_S": "30",
    "GRACE_S": "60",
    "REMATCH_H": "0",  # of ten, two whose call has ended may have nobody else
}
SEED = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(1_000_000))
PACE = Pace(
    before_s=0.5, restart_s=0.0, times=2, every_s=1.5, ghosts_s=PATIENCE_S, watched=False, answer_s=PATIENCE_S
)
TOLD = b'42["chat:message"'


@pytest.fixture(scope="module")
async def stage(nodes_database_url: str, nodes_redis_url: str) -> AsyncIterator[Scene]:
    """Three nodes, the balancer, and ten users who write and talk."""
    stores = Stores(nodes_database_url, nodes_redis_url)
    async with scene(10, Random(SEED), quietly, stores=stores, pace=PACE, settings=QUICK | PATIENT) as stage:
        yield stage


@pytest.fixture(autouse=True)
def seed_is_told() -> None:
    """With what a test that fails has printed."""
    print(f"CHAOS_SEED={SEED}")


@pytest.mark.parametrize("name", ["kill", "reconnects", "drain"])
async def test_users_see_nothing_but_a_reconnect(stage: Scene, name: str) -> None:
    row = await run(stage, FAULTS[name])
    assert row.wrong == []
    assert row.acknowledged > 0
    assert row.survived == row.at_stake > 0


def once(change: Callable[[bytes], list[bytes]]) -> Callable[[], Meddle]:
    """For each connection: this, with the first message of a chat."""

    def meddle() -> Meddle:
        number = itertools.count()
        return lambda said: change(said) if said.startswith(TOLD) and next(number) == 0 else [said]

    return meddle


def renewed() -> Callable[[], Meddle]:
    """A message comes again, under another offset."""

    def again(said: bytes) -> list[bytes]:
        head, _, offset = said.rpartition(b',"')
        return [said, head + b',"another-' + offset]

    return once(again)


def swapped() -> Meddle:
    """Two messages of a connection change places."""
    held: list[bytes] = []
    number = itertools.count()

    def meddle(said: bytes) -> list[bytes]:
        if not said.startswith(TOLD) or next(number) > 1:
            return [said]
        held.append(said)
        return [] if len(held) == 1 else held[::-1]

    return meddle


@pytest.mark.parametrize(
    ("meddle", "column"),
    [(once(lambda _: []), "lost"), (renewed(), "shown twice"), (swapped, "out of order")],
    ids=["drops", "repeats", "swaps"],
)
async def test_a_network_that_lies_is_noticed(
    stage: Scene, meddle: Callable[[], Meddle], column: str
) -> None:
    async def lie(scene: Scene) -> None:
        scene.wire.meddle = meddle
        scene.wire.cut()
        try:
            await scene.people.told(3)
        finally:
            scene.wire.meddle = None
            scene.wire.cut()

    row = await run(stage, Fault("lies", "what the server says is falsified", lie), arrival_s=1.0)
    assert row.found[column]
    assert row.calls == []


async def test_who_has_not_gone_would_be_noticed(stage: Scene) -> None:
    people = stage.people
    people.away = [people.clients[0]]  # so they say, and stay
    try:
        seen = await people.look_for_the_gone()
    finally:
        people.away = []
    assert ghosts(History(moments=[*seen]))


async def test_a_call_that_ends_is_not_counted_as_one_that_survived(stage: Scene) -> None:
    async def end_one(scene: Scene) -> None:
        staying = [client for client in scene.people.present if not scene.people.hangs_up(client)]
        live = [client for client in staying if client.call and client.call.state == "live"]
        both = Counter(client.call.call_id for client in live if client.call)
        call_id = next(call_id for call_id, users in both.items() if users == 2)  # nobody of it leaves
        talking = next(client for client in live if client.call and client.call.call_id == call_id)
        await talking.ask_until_answered("call:end", call_id=call_id)

    row = await run(stage, Fault("end", "a call ends that nobody wanted to end", end_one))
    assert row.survived == row.at_stake - 1
    assert {why.split(" ", 1)[1][:9] for why in row.calls} == {"ended for"}
