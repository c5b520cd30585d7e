"""Notifications on the real Postgres: what is stored, renewed, shown, counted, read, and where it is kept."""

import asyncio
from typing import Any

import pytest
from msgspec import structs

from core.clock import DAY_MS, now_ms, to_datetime
from core.contract.devices import Device, PushKeys, PushSubscription
from core.contract.notifications import Notification, NotificationSubject
from core.contract.settings import NotificationPatch, SettingsPatch
from core.ids import new_id
from core.notices import Notice, warned
from db.postgres.devices import MOST, DeviceStore
from db.postgres.notifications import OUTBOX
from db.postgres.outbox import Outbox
from db.postgres.sessions import SessionStore
from db.postgres.settings import SettingsStore
from tests.conftest import NewDatabase
from tests.patience import PATIENCE_S
from tests.stores.world import World, world_at


async def shown(world: World, user_id: str, *, unread: bool = False) -> list[Notification]:
    return await world.notifications.page(user_id, unread=unread, before=None, limit=100, now=now_ms())


async def unread(world: World, user_id: str) -> int:
    return await world.notifications.unread(user_id, now_ms())


async def news(world: World, user_id: str) -> list[tuple[int, str]]:
    """What waits to be announced to them."""
    waiting = await Outbox(world.pool, OUTBOX).of_lane(user_id, 0, 100)
    return [(each.number, each.event) for each in waiting]


def greeting(user_id: str, **changes: Any) -> Notice:
    return structs.replace(Notice(user_id=user_id, kind="system", title="Hello"), **changes)


async def test_what_is_told_waits_to_be_read(world: World) -> None:
    """Newest first, on pages; read by its id or all at once, and counted when somebody asks."""
    ana = await world.person()
    at = now_ms() - 10_000
    ids = [await world.notifications.tell(greeting(ana, title=str(n)), at + n) for n in range(5)]
    assert [each.title for each in await shown(world, ana)] == ["4", "3", "2", "1", "0"]
    [third] = await world.notifications.page(
        ana, unread=False, before=(at + 3, str(ids[3])), limit=1, now=now_ms()
    )
    assert (third.id, third.read_at) == (ids[2], None)
    number, read = await world.notifications.read(ana, [str(ids[2]), new_id()], now_ms())
    assert (number, read) == (6, [ids[2]])
    assert await world.notifications.read(ana, [str(ids[2])], now_ms()) == (None, ())
    assert await unread(world, ana) == 4
    assert [each.id for each in await shown(world, ana, unread=True)] == [ids[4], ids[3], ids[1], ids[0]]
    number, read = await world.notifications.read(ana, None, now_ms())
    assert (number, sorted(read)) == (7, sorted(str(each) for each in {*ids} - {ids[2]}))
    assert await unread(world, ana) == 0
    assert [each.read_at for each in await shown(world, ana)].count(None) == 0
    assert await news(world, ana) == [
        *((n, "notification:new") for n in range(1, 6)), (6, "notification:read"), (7, "notification:read"),
    ]  # fmt: skip


async def test_others_cannot_read_it(world: World) -> None:
    ana, ben = await world.pair()
    told = str(await world.notifications.tell(greeting(ana), now_ms()))
    assert await world.notifications.read(ben, [told], now_ms()) == (None, ())
    assert await unread(world, ana) == 1


async def test_what_is_not_read_is_renewed(world: World) -> None:
    """Of a kind and subject there is one, in the words of the last; once it is read, there is another."""
    ana, strike = await world.person(), new_id()
    at = now_ms() - 1000
    first = await world.notifications.tell(warned(ana, strike), at)
    await world.notifications.tell(greeting(ana), at + 1)
    again = structs.replace(warned(ana, strike), title="Again")
    assert await world.notifications.tell(again, at + 2) == first
    assert [each.title for each in await shown(world, ana)] == ["Again", "Hello"]
    await world.notifications.read(ana, [str(first)], now_ms())
    assert await world.notifications.tell(again, now_ms()) != first
    assert len(await shown(world, ana)) == 3


async def test_one_that_is_old_makes_room_instead(world: World) -> None:
    """Its part of the table may be dropped before it is read."""
    ana, strike = await world.person(), new_id()
    old = await world.notifications.tell(warned(ana, strike), now_ms() - 31 * DAY_MS)
    assert await world.notifications.tell(warned(ana, strike), now_ms()) != old
    assert len(await shown(world, ana)) == 1


async def test_the_same_twice_at_once_is_one(world: World) -> None:
    """By however many, each with a number of its own; and two devices that read it at once read it once."""
    ana, strike = await world.person(), new_id()
    async with asyncio.timeout(PATIENCE_S):
        told = await asyncio.gather(
            *(world.notifications.tell(warned(ana, strike), now_ms()) for _ in range(8))
        )
        assert len(set(told)) == len(await shown(world, ana)) == 1
        read = await asyncio.gather(*(world.notifications.read(ana, None, now_ms()) for _ in range(4)))
    assert sorted(number or 0 for number, _ in read) == [0, 0, 0, 9]
    assert [number for number, _ in await news(world, ana)] == list(range(1, 10))


async def test_a_list_waits_for_nobody_who_reads(world: World) -> None:
    """Else a device that draws the list and one that reads all of it could wait for each other."""
    ana = await world.person()
    told = [str(await world.notifications.tell(greeting(ana), now_ms())) for _ in range(2)]
    query = "SELECT count(delivered_at) FROM social.notifications WHERE user_id = $1"
    async with world.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM social.notifications WHERE id = $1 FOR UPDATE", told[0])
        async with asyncio.timeout(PATIENCE_S):
            await world.notifications.delivered(ana, told, now_ms())
        assert await world.pool.fetchval(query, ana) == 1
    await world.notifications.delivered(ana, told, now_ms())
    assert await world.pool.fetchval(query, ana) == 2


async def test_nothing_is_told_of_what_did_not_happen(world: World) -> None:
    """It is part of the transaction, and so is its number."""
    ana = await world.person()
    async with world.pool.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        await world.notifications.notify(connection, greeting(ana), now_ms())
        await undone.rollback()
    assert (await shown(world, ana), await news(world, ana)) == ([], [])


async def test_a_kind_that_is_off_is_not_made(world: World) -> None:
    """What one has to know is, whatever one wants."""
    ana, ben = await world.pair()
    off = SettingsPatch(notifications=NotificationPatch(kinds={"friend_request": False, "strike": False}))
    await SettingsStore(world.pool).change(ben, off)
    await world.asked(ana, ben)
    assert (await shown(world, ben), await news(world, ben)) == ([], [])
    assert await world.notifications.tell(warned(ben, new_id()), now_ms())


async def test_a_name_is_as_it_is_now(world: World) -> None:
    ana, ben = await world.pair()
    await world.asked(ana, ben)
    await world.pool.execute("UPDATE identity.profiles SET display_name = 'Anna' WHERE user_id = $1", ana)
    [told] = await shown(world, ben)
    assert told.title == "Anna wants to be your friend"
    assert told.subject == NotificationSubject(type="user", id=ana)


@pytest.mark.parametrize("how", ["she_blocks", "he_blocks", "banned", "erased", "suspected"])
async def test_nothing_is_shown_about_somebody_who_is_not_visible(world: World, how: str) -> None:
    """Neither listed nor counted nor announced nor sent."""
    ana, ben = await world.pair()
    told = str(
        await world.notifications.tell(
            Notice(user_id=ana, kind="friend_accepted", title="{name}", about=ben), now_ms()
        )
    )
    if how in {"she_blocks", "he_blocks"}:
        await world.block(*((ana, ben) if how == "she_blocks" else (ben, ana)))
    elif how == "banned":
        await world.ban(ben)
    elif how == "erased":
        await world.erase(ben)
    else:
        banned = await world.person("Ben, before")
        await world.block(ana, banned)
        await world.ban(banned)
        await world.suspect(ben, banned)
    assert (await shown(world, ana), await unread(world, ana)) == ([], 0)
    assert await world.notifications.to_announce([told], now_ms()) == {}
    assert await world.notifications.to_send(ana, told, now_ms()) is None


async def test_what_has_expired_is_not_shown(world: World) -> None:
    ana = await world.person()
    await world.notifications.tell(greeting(ana, expires_at=now_ms() - 1), now_ms() - 60_000)
    await world.notifications.tell(greeting(ana, expires_at=now_ms() + DAY_MS), now_ms())
    assert len(await shown(world, ana)) == await unread(world, ana) == 1


@pytest.mark.parametrize("answer", ["accept", "refuse", "withdraw", "block"])
async def test_a_request_that_is_over_is_no_news(world: World, answer: str) -> None:
    """One that was accepted stays as read; of any other nothing is shown. The asker is told of a yes."""
    ana, ben = await world.pair()
    request = await world.asked(ana, ben)
    assert (await unread(world, ben), await unread(world, ana)) == (1, 0)
    if answer == "accept":
        await world.friends.accept(request, ben, now_ms())
    elif answer == "block":
        await world.block(ana, ben)
    else:
        await world.friends.refuse(request, ben if answer == "refuse" else ana, now_ms())
    assert [each.kind for each in await shown(world, ben)] == ["friend_request"] * (answer == "accept")
    assert [each.kind for each in await shown(world, ana)] == ["friend_accepted"] * (answer == "accept")
    assert await unread(world, ben) == 0
    assert (await news(world, ben))[-1] == (2, "notification:read")


async def test_an_account_that_is_erased_takes_all_of_it_along(world: World) -> None:
    ana, ben = await world.pair()
    await world.asked(ana, ben)
    await world.notifications.tell(greeting(ana), now_ms())
    await world.erase(ana)
    query = "SELECT count(*) FROM social.notifications WHERE $1 IN (user_id, about_id)"
    assert await world.pool.fetchval(query, ana) == 0


async def session(world: World, user_id: str) -> str:
    session_id, at = new_id(), to_datetime(now_ms())
    await world.pool.execute(
        "INSERT INTO identity.sessions (id, user_id, created_at, last_used_at, expires_at)"
        " VALUES ($1, $2, $3, $3, $4)",
        session_id, user_id, at, to_datetime(now_ms() + DAY_MS),
    )  # fmt: skip
    return session_id


async def test_a_device_goes_with_its_session(world: World) -> None:
    """With whoever signs in on the phone next, with the session, or by itself."""
    ana, ben = await world.pair()
    store, hers, his = DeviceStore(world.pool), await session(world, ana), await session(world, ben)

    async def devices(user_id: str) -> list[str]:
        return [each.device_id for each in await store.of_user(user_id, now_ms())]

    phone = Device(platform="ios", token=new_id())
    endpoint = f"https://push.example.org/{new_id()}"
    browser = Device(
        platform="web",
        subscription=PushSubscription(endpoint=endpoint, keys=PushKeys(p256dh="p", auth="a")),
    )
    for _ in range(2):
        await store.put(ana, hers, "phone", phone, now_ms())
    await store.put(ana, hers, "browser", browser, now_ms())
    assert await devices(ana) == ["browser", "phone"]
    await store.put(ben, his, "phone", phone, now_ms())
    await store.put(ben, his, "b", browser, now_ms())
    assert (await devices(ana), await devices(ben)) == ([], ["b", "phone"])
    await store.delete(ben, "b")
    assert await devices(ben) == ["phone"]
    await SessionStore(world.pool).revoke(ben, his, "signed_out", now_ms())
    assert await devices(ben) == []
    await store.put(ben, his, "late", phone, now_ms())
    assert await devices(ben) == [], "of a session that is over"


async def test_a_user_has_so_many_devices(world: World) -> None:
    ana = await world.person()
    store, hers = DeviceStore(world.pool), await session(world, ana)
    for n in range(MOST + 1):
        await store.put(ana, hers, f"{n:02}", Device(platform="web"), now_ms() + n)
    kept = [each.device_id for each in await store.of_user(ana, now_ms())]
    assert kept == [f"{n:02}" for n in range(1, MOST + 1)]


async def parts(world: World) -> list[str]:
    return [
        row["name"]
        for row in await world.pool.fetch(
            "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
            " WHERE inhparent = 'social.notifications'::regclass ORDER BY name"
        )
    ]


async def test_quarters_are_made_ahead_and_dropped_behind(new_database: NewDatabase) -> None:
    """By two at once; what was stored before they were made is in them. Nothing is lost at their bounds."""
    async with world_at(await new_database()) as world:
        ana = await world.person()
        november, last_ms = 1_794_000_000_000, 1_798_761_599_999  # 2026-11-06, and the end of the year
        before = [
            await world.notifications.tell(greeting(ana), at) for at in (november, last_ms, last_ms + 1)
        ]
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(
                *(world.notifications.keep_quarters(november, november - 365 * DAY_MS) for _ in range(2))
            )
        made = [f"social.notifications_{name}" for name in ("2026q4", "2027q1", "2027q2", "other")]
        assert await parts(world) == made
        query = "SELECT tableoid::regclass::text AS part, id FROM social.notifications ORDER BY id"
        rows = [(row["part"], row["id"]) for row in await world.pool.fetch(query)]
        assert rows == list(zip([made[0], made[0], made[1]], before, strict=True))
        await world.notifications.tell(greeting(ana), november + 1)
        end_of_year_ms = last_ms + 1
        await world.notifications.keep_quarters(november, end_of_year_ms - 1)
        assert len(await parts(world)) == 4
        await world.notifications.keep_quarters(end_of_year_ms, end_of_year_ms)
        assert await parts(world) == [*made[1:3], "social.notifications_2027q3", "social.notifications_other"]
        assert [row["id"] for row in await world.pool.fetch(query)] == before[2:]
