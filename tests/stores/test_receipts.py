"""What was delivered and read, when, and who is shown it."""

import asyncio
import itertools

import pytest

from core.clock import now_ms, rfc3339
from core.contract.chat import MessageReceipt
from core.contract.settings import PrivacyPatch, SettingsPatch
from core.errors import NotFound
from db.postgres.receipts import ReceiptStore
from db.postgres.rooms import Reading, Receipt
from db.postgres.settings import SettingsStore
from tests.patience import PATIENCE_S
from tests.stores.grouping import Party
from tests.stores.world import World


@pytest.fixture
def store(world: World) -> ReceiptStore:
    return ReceiptStore(world.pool)


def got(room_id: str, who: str, seq: int, at: int | None = None) -> Reading:
    return Reading(room_id=room_id, user_id=who, seq=seq, at=now_ms() if at is None else at)


async def shows(world: World, who: str, receipts: bool) -> None:
    """Whether they let receipts be seen."""
    patch = SettingsPatch(privacy=PrivacyPatch(read_receipts=receipts))
    await SettingsStore(world.pool).change(who, patch)


async def seen(store: ReceiptStore, message_id: str, viewer: str) -> list[MessageReceipt]:
    """Page after page."""
    found: list[MessageReceipt] = []
    while page := await store.of_message(
        message_id, viewer, after=found[-1].user_id if found else None, limit=2
    ):
        found += page
    return found


async def test_what_was_delivered_is_told_once_and_never_goes_back(world: World, store: ReceiptStore) -> None:
    """Nor beyond the last message; who has read something has it."""
    ana, ben = await world.pair()
    room = (await world.connected((ana, ben))).room_id
    for _ in range(3):
        await world.say(room, ana)
    assert await store.delivered(got(room, ben, 2)) == Receipt(members=(ana,), read_seq=0, delivered_seq=2)
    assert [await store.delivered(got(room, ben, seq)) for seq in (2, 1)] == [None, None]
    assert await store.delivered(got(room, ben, 99)) == Receipt(members=(ana,), read_seq=0, delivered_seq=3)
    await world.say(room, ana)
    assert (await world.read(room, ben, 4)).delivered_seq == 4
    assert await store.delivered(got(room, ben, 4)) is None
    with pytest.raises(NotFound):
        await store.delivered(got(room, await world.person("Cleo"), 1))


async def test_devices_that_report_at_once_leave_no_gap(world: World, store: ReceiptStore) -> None:
    ana, ben = await world.pair()
    room = (await world.connected((ana, ben))).room_id
    for _ in range(20):
        await world.say(room, ana)
    nodes = [store, ReceiptStore(world.pool)]
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(
            *(nodes[seq % 2].delivered(got(room, ben, seq)) for seq in range(1, 21)),
            *(world.read(room, ben, seq) for seq in range(1, 21, 5)),
        )
    query = "SELECT after_seq, seq FROM communication.deliveries WHERE room_id = $1 ORDER BY seq"
    steps = [(row["after_seq"], row["seq"]) for row in await world.pool.fetch(query, room)]
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(steps))
    member = "SELECT delivered_seq FROM communication.members WHERE room_id = $1 AND user_id = $2"
    assert await world.pool.fetchval(member, room, ben) == 20


async def test_when_each_message_was_delivered_and_read(world: World, store: ReceiptStore) -> None:
    """By whom, for all who read it; a stranger finds no message."""
    ana, ben = await world.pair()
    room = (await world.connected((ana, ben))).room_id
    first, second, third = [(await world.say(room, ana)).message.id for _ in range(3)]
    assert await seen(store, first, ana) == []
    now = now_ms()
    await store.delivered(got(room, ben, 2, now))
    await world.read(room, ben, 1, at=now + 1)
    await world.read(room, ben, 3, at=now + 2)
    at = [rfc3339(now + ms) for ms in range(3)]
    assert await seen(store, first, ana) == [MessageReceipt(user_id=ben, delivered_at=at[0], read_at=at[1])]
    assert await seen(store, second, ana) == [MessageReceipt(user_id=ben, delivered_at=at[0], read_at=at[2])]
    assert await seen(store, third, ana) == [MessageReceipt(user_id=ben, delivered_at=at[2], read_at=at[2])]
    assert await seen(store, first, ben) == await seen(store, first, ana)
    with pytest.raises(NotFound):
        await seen(store, first, await world.person("Cleo"))


async def test_who_gives_no_receipts_sees_none(world: World, store: ReceiptStore) -> None:
    """Both ways, of delivery as of reading; what was not kept then is not known later."""
    ana, ben = await world.pair()
    room = (await world.connected((ana, ben))).room_id
    message = (await world.say(room, ana)).message.id
    await shows(world, ben, False)
    assert await store.delivered(got(room, ben, 1)) == Receipt(members=(), read_seq=0, delivered_seq=1)
    assert await seen(store, message, ana) == []
    await shows(world, ben, True)
    assert await seen(store, message, ana) == [MessageReceipt(user_id=ben)]
    await shows(world, ana, False)
    assert await seen(store, message, ana) == []
    await world.say(room, ana)
    found = await store.delivered(got(room, ben, 2))
    assert found is not None
    assert found.members == ()


async def test_in_a_group_each_sees_those_they_see(world: World, store: ReceiptStore) -> None:
    """In pages, not who came later, nor whom a block parts from them, nor who has left."""
    party = Party(world)
    ana, ben, cleo, dora, eve = [await world.person(f"P{n}") for n in range(5)]
    group = await party.of(ana, ben, cleo, dora)
    said = (await world.say(group.room_id, ana)).message
    await party.join(await party.invite(group, ana), eve)
    for who in (ben, cleo, dora, eve):
        await store.delivered(got(group.room_id, who, 99))
    assert [receipt.user_id for receipt in await seen(store, said.id, ana)] == sorted((ben, cleo, dora))
    await world.block(ben, cleo)
    await party.remove(group, dora, dora)
    assert [receipt.user_id for receipt in await seen(store, said.id, ana)] == sorted((ben, cleo))
    assert [receipt.user_id for receipt in await seen(store, said.id, cleo)] == [cleo]
    with pytest.raises(NotFound):
        await seen(store, said.id, eve)
