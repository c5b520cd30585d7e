"""Direct calls on record in the real Postgres: who rings, who answers, and what comes at the same moment."""

import asyncio

import pytest

from core.clock import now_ms
from core.contract.settings import SettingsPatch
from core.errors import AlreadyInCall, Gone, NotFound
from core.ids import new_id
from db.postgres.call_records import Refusal
from db.postgres.direct_calls import DirectCallStore, Rung
from db.postgres.settings import SettingsStore
from signaling.inviting import Elsewhere, Standing
from tests.patience import PATIENCE_S
from tests.stores.world import World

ROUNDS = 12
RINGS_MS = 90_000
_ENTERS = """
WITH call AS (
    INSERT INTO interaction.calls (id, origin, mode, region, offered_at)
    VALUES ($1, 'match', 'voice', 'main', now())
)
INSERT INTO interaction.call_participants (call_id, user_id, active) VALUES ($1, $2, true)
"""
_TWO_WAIT = """
SELECT count(*) > 1 FROM pg_stat_activity
WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0
"""


@pytest.fixture
def store(world: World) -> DirectCallStore:
    return DirectCallStore(world.pool, ring_s=RINGS_MS // 1000 - 60)


class Two:
    """Ana and Ben, who are connected."""

    def __init__(self, world: World, store: DirectCallStore, users: tuple[str, str], connection: str) -> None:
        self.world, self.store = world, store
        self.ana, self.ben = users
        self.connection = connection

    async def ring(self, by: str | None = None, *, later_ms: int = 0) -> Rung | Standing | Elsewhere:
        return await self.store.ring(
            new_id(),
            connection_id=self.connection,
            inviter=by or self.ana,
            mode="voice",
            region="main",
            now=now_ms() + later_ms,
        )

    async def rung(self) -> str:
        found = await self.ring()
        assert isinstance(found, Rung)
        return found.call_id

    async def between(self) -> list[list[str]]:
        """What either would end with the connection."""
        return [await self.store.between(*users) for users in ((self.ana, self.ben), (self.ben, self.ana))]

    async def active(self, user_id: str) -> str | None:
        return await self.world.call_records.active_call(user_id)

    async def end(self, call_id: str, *, started: bool = False) -> None:
        await self.world.call_records.ended(
            call_id,
            reason="no_answer",
            by=None,
            duration_s=0,
            now=now_ms(),
            decision_deadline=None,
            started=started,
        )


@pytest.fixture
async def two(world: World, store: DirectCallStore) -> Two:
    users = await world.pair()
    return Two(world, store, users, (await world.connected(users)).id)


async def another(world: World, store: DirectCallStore, ben: str) -> Two:
    """Somebody else who is connected with Ben."""
    users = (await world.person("Cleo"), ben)
    return Two(world, store, users, (await world.connected(users)).id)


async def test_who_is_rung_is_not_in_it_before_the_answer(two: Two) -> None:
    call_id = await two.rung()
    assert (await two.active(two.ana), await two.active(two.ben)) == (call_id, None)
    records = two.world.call_records
    assert await records.open_calls(two.ben) == [call_id]
    assert await records.open_calls_of([two.ben]) == [call_id]
    assert await two.world.blocks.open_between(two.ben, two.ana) == [call_id]
    assert await two.between() == [[call_id]] * 2
    await two.store.answered(call_id, two.ben, now_ms())
    await two.store.answered(call_id, two.ben, now_ms())
    assert await two.active(two.ben) == call_id
    assert await two.between() == [[call_id]] * 2
    await two.end(call_id, started=True)
    assert await two.between() == [[], []]
    assert await records.open_calls(two.ben) == []
    with pytest.raises(Gone):
        await two.store.answered(call_id, two.ben, now_ms())


@pytest.mark.parametrize("who", ["ana", "ben", None])
async def test_an_answer_asks_who_wishes_for_relays(two: Two, who: str | None) -> None:
    """As of this moment, and again where the answer was lost."""
    call_id = await two.rung()
    if who is not None:
        await SettingsStore(two.world.pool).change(getattr(two, who), SettingsPatch(relay_only=True))
    for _ in range(2):
        assert await two.store.answered(call_id, two.ben, now_ms()) == (who is not None)


async def test_what_goes_on_with_others_is_not_between_the_two(
    two: Two, world: World, store: DirectCallStore
) -> None:
    other = await another(world, store, two.ben)
    found = await other.ring()
    assert isinstance(found, Rung)
    await store.answered(found.call_id, two.ben, now_ms())
    assert await two.between() == [[], []]
    assert await other.between() == [[found.call_id]] * 2


async def test_of_two_who_ring_at_once_one_rings(world: World, store: DirectCallStore) -> None:
    for _ in range(ROUNDS):
        users = await world.pair()
        two = Two(world, store, users, (await world.connected(users)).id)
        found = await asyncio.gather(two.ring(two.ana), two.ring(two.ben))
        [first] = [each for each in found if isinstance(each, Rung)]
        [second] = [each for each in found if isinstance(each, Standing)]
        assert (second.crossed, second.call.id) == (True, first.call_id)


async def test_the_same_invitation_is_the_same_call(two: Two) -> None:
    first, again = await two.ring(), await two.ring()
    assert isinstance(first, Rung)
    assert isinstance(again, Rung)
    assert (again.call_id, again.offered_at) == (first.call_id, first.offered_at)


async def test_whom_somebody_rings_already_is_busy(two: Two, store: DirectCallStore) -> None:
    """And may not ring others, but those who ring them."""
    cleo = await another(two.world, store, two.ben)
    call_id = await cleo.rung()
    found = await two.ring()
    assert isinstance(found, Rung)
    assert found.reach == "busy"
    await two.end(found.call_id)
    with pytest.raises(AlreadyInCall):
        await two.ring(two.ben)
    crossed = await cleo.ring(two.ben)
    assert isinstance(crossed, Standing)
    assert crossed.call.id == call_id
    assert isinstance(await two.ring(), Rung)


async def test_what_nobody_goes_on_with_rings_nobody_after_its_time(two: Two, store: DirectCallStore) -> None:
    """Its node died before Redis knew of it, and whoever rang never came back."""
    cleo = await another(two.world, store, two.ben)
    await cleo.rung()
    with pytest.raises(AlreadyInCall):
        await two.ring(two.ben, later_ms=RINGS_MS - 1_000)
    found = await two.ring(two.ben, later_ms=RINGS_MS + 1_000)
    assert isinstance(found, Rung)
    assert found.reach == "rings"
    await two.end(found.call_id)
    found = await two.ring(later_ms=RINGS_MS + 1_000)
    assert isinstance(found, Rung)
    assert found.reach == "rings"
    await two.end(found.call_id)
    assert isinstance(await cleo.ring(two.ben, later_ms=RINGS_MS + 1_000), Rung)


async def test_an_answer_and_a_match_at_once_have_one_winner(two: Two, world: World) -> None:
    """Whoever loses leaves nothing behind."""
    won = set()
    for _ in range(ROUNDS):
        call_id, match = await two.rung(), new_id()
        stranger = await world.person("Dan")
        answer, refusal = await asyncio.gather(
            two.store.answered(call_id, two.ben, now_ms()),
            world.offer(match, (stranger, two.ben)),
            return_exceptions=True,
        )
        answered = answer is False  # and nobody wishes for relays
        assert answered or isinstance(answer, AlreadyInCall)
        assert refusal is None or isinstance(refusal, Refusal)
        assert answered == (refusal is not None)
        assert await two.active(two.ben) == (call_id if answered else match)
        assert await two.active(stranger) == (None if answered else match)
        won.add(answered)
        await two.end(call_id, started=answered)
        if refusal is None:
            await world.end(match)
        assert await two.active(two.ben) is None
    assert won


async def test_an_answer_waits_for_an_offer_that_has_looked_already(two: Two, world: World) -> None:
    """Else the offer found the callee free, and would fail with all that are made in the same transaction."""
    call_id, match = await two.rung(), new_id()
    stranger = await world.person("Dan")
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        async with world.pool.acquire() as slow:
            between = slow.transaction()
            await between.start()
            await slow.execute(_ENTERS, new_id(), stranger)
            offering = group.create_task(world.offer(match, (stranger, two.ben)))
            await world.someone_waits_for(slow)  # between its look and its end
            answering = asyncio.ensure_future(two.store.answered(call_id, two.ben, now_ms()))
            while not answering.done() and not await world.pool.fetchval(_TWO_WAIT):
                await asyncio.sleep(0.005)
            await between.rollback()
        assert await offering is None
        with pytest.raises(AlreadyInCall):
            await answering
    assert await two.active(two.ben) == match


async def test_an_answer_and_the_end_at_once_leave_nobody_in_it(two: Two) -> None:
    for _ in range(ROUNDS):
        call_id = await two.rung()
        answer, _ = await asyncio.gather(
            two.store.answered(call_id, two.ben, now_ms()), two.end(call_id), return_exceptions=True
        )
        assert answer is False or isinstance(answer, Gone)
        assert (await two.active(two.ana), await two.active(two.ben)) == (None, None)


async def test_an_answer_waits_for_an_end_that_began_before(two: Two) -> None:
    """The end has looked at who is in it before the answer, and takes them out all the same."""
    call_id = await two.rung()
    async with two.world.pool.acquire() as answering, answering.transaction():
        await answering.execute("UPDATE interaction.calls SET started_at = now() WHERE id = $1", call_id)
        ending = asyncio.create_task(two.end(call_id))
        await two.world.someone_waits_for(answering)
        await answering.execute(
            "UPDATE interaction.call_participants SET active = true WHERE call_id = $1 AND user_id = $2",
            call_id,
            two.ben,
        )
    await ending
    assert await two.active(two.ben) is None


async def test_the_start_of_a_match_names_what_rings(two: Two, world: World) -> None:
    call_id, match = await two.rung(), new_id()
    assert await world.offer(match, (await world.person("Dan"), two.ben)) is None
    assert await world.call_records.started(match, now_ms()) == [call_id]
    assert await world.call_records.started(match, now_ms()) == []


async def test_who_may_not_be_called_seems_to_be_rung(two: Two, world: World) -> None:
    """And finds nothing of it among their calls; who is busy does."""
    await world.pool.execute(
        "INSERT INTO identity.settings (user_id, direct_calls) VALUES ($1, 'nobody')", two.ben
    )
    found = await two.ring()
    assert isinstance(found, Rung)
    assert found.reach == "none"
    assert await world.call_records.open_calls(two.ben) == []
    await two.end(found.call_id)
    records, now = world.call_records, now_ms()
    [hers, _] = await records.history(two.ana, before=None, limit=10, now=now)
    assert (hers.call_id, hers.outgoing, hers.started_at) == (found.call_id, True, None)
    his = await records.history(two.ben, before=None, limit=10, now=now)
    assert found.call_id not in {call.call_id for call in his}


@pytest.mark.parametrize("how", ["ended", "blocked"])
async def test_a_connection_that_is_over_is_gone_however(two: Two, world: World, how: str) -> None:
    call_id = await two.rung()
    if how == "ended":
        await world.connections.end(two.connection, two.ben, now_ms())
    else:
        await world.blocks.block(two.ben, two.ana, None, now_ms(), take=False)
    with pytest.raises(Gone):
        await two.store.answered(call_id, two.ben, now_ms())
    await two.end(call_id)
    with pytest.raises(Gone):
        await two.ring()


async def test_others_have_no_such_connection(two: Two, world: World) -> None:
    with pytest.raises(NotFound):
        await two.ring(await world.person("Eve"))


async def test_whoever_is_in_a_call_rings_nobody(two: Two, world: World, store: DirectCallStore) -> None:
    cleo = await another(world, store, two.ana)
    call_id = await cleo.rung()
    await store.answered(call_id, two.ana, now_ms())
    found = await two.ring()
    assert found == Elsewhere(call_id)


async def test_what_rings_is_read_as_that_when_the_store_has_lost_it(two: Two) -> None:
    """Whoever rings first, not answered; and it is as it was for those who were not told."""
    call_id = await two.rung()
    call = await two.world.call_records.on_record(call_id, now_ms())
    assert call is not None
    assert (call.parties[0].user_id, call.state, call.reach) == (two.ana, "offered", "rings")
