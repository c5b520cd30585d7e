"""A ban ends whatever its user is doing, in whatever way it was written; others go on."""

import asyncio

import pytest

from core.clock import now_ms, to_datetime
from core.ids import new_id
from db.postgres.bans import BanStore, NewBan, ban_within
from db.postgres.penalties import PenaltyStore
from db.redis.calls import RedisCalls
from db.redis.multiplexed import open_redis_client
from services.bans import Bans
from signaling.call import Rules, offer
from tests.integration.conftest import Meet, Meeting, SignUp
from tests.integration.person import ClientDevice, Person, Refused
from tests.integration.test_block_effects import claim
from tests.patience import PATIENCE_S
from tests.stores.world import World

SQL = "INSERT INTO identity.bans (id, user_id, reason, created_at) VALUES ($1, $2, 'by hand', now())"


async def by_hand(world: World, person: Person) -> None:
    """As an operator does it in psql."""
    await world.pool.execute(SQL, new_id(), person.id)


async def is_out(device: ClientDevice, person: Person) -> None:
    """The connection ends and none is had any more, nor anything else."""
    assert (await device.next("session:revoked"))["code"] == "banned"
    async with asyncio.timeout(PATIENCE_S):
        await device.closed.wait()
    with pytest.raises(Refused) as refused:
        await person.connect("another")
    assert refused.value.code == "banned"
    refresh = {"refresh_token": person.refresh_token}
    for method, path, body in (("GET", "/v1/me", None), ("POST", "/v1/auth/refresh", refresh)):
        status, answer = await person.rest(method, path, json=body)
        assert (status, answer["code"]) == (403, "banned")


async def test_a_ban_ends_a_live_call_on_every_device(pair: Meeting, world: World) -> None:
    """The other hears that it was moderated, has nothing to decide and may queue at once."""
    await pair.go_live()
    tablet = await pair.he.connect("tablet")
    await by_hand(world, pair.he)
    told = await pair.ana.next("call:ended", call_id=pair.call_id)
    assert (told["reason"], "decision" in told, "ticket" in told) == ("moderated", False, False)
    assert (await pair.ben.next("call:ended"))["reason"] == "moderated"
    for device in (pair.ben, tablet):
        await is_out(device, pair.he)
    await pair.ana.ask("queue:join", mode="video")


async def test_a_ban_ends_an_offer_and_the_other_keeps_the_place(pair: Meeting, world: World) -> None:
    """Also where the other has accepted."""
    await pair.ana.ask("call:accept", call_id=pair.call_id)
    await by_hand(world, pair.he)
    told = await pair.ana.next("call:ended", call_id=pair.call_id)
    assert told["reason"] == "moderated"
    assert (await pair.ana.ask("queue:join", mode="video"))["ticket"] == told["ticket"]
    await is_out(pair.ben, pair.he)


async def test_a_ban_ends_waiting(sign_up: SignUp, world: World) -> None:
    """And says why."""
    ana = await (she := await sign_up()).connect()
    wanted = {"genders": ["other"]}
    ticket = (await ana.ask("queue:join", mode="voice", preferences=wanted))["ticket"]
    await by_hand(world, she)
    left = await ana.next("queue:left")
    assert left == {"ticket_id": ticket["id"], "reason": "moderated"}
    await is_out(ana, she)


async def test_a_ban_closes_an_open_decision(pair: Meeting, world: World) -> None:
    """Nobody is connected with somebody who is banned."""
    await pair.hang_up()
    await by_hand(world, pair.he)
    assert (await pair.ana.next("decision:result"))["outcome"] == "not_connected"
    await is_out(pair.ben, pair.he)


async def test_a_ban_ends_the_chat_and_what_is_seen(pair: Meeting, world: World) -> None:
    """Their friends see them go."""
    connection = await pair.connect()
    await pair.ana.ask("presence:watch", user_ids=[pair.he.id])
    await by_hand(world, pair.he)
    assert (await pair.ana.next("presence:changed", user_id=pair.he.id, status="offline"))["user_id"]
    await is_out(pair.ben, pair.he)
    await pair.ana.ask("chat:send", room_id=connection["room_id"], client_id="m", content="Ben?")


async def test_a_ban_while_an_offer_is_being_made(
    sign_up: SignUp, world: World, product_redis_url: str
) -> None:
    """It is on record before it is in Redis: the ban waits for it there, and then ends it."""
    she, he = await sign_up(gender="female"), await sign_up(gender="male")
    ana = await she.connect()
    call_id = await world.offered((she.id, he.id))
    await by_hand(world, he)
    async with asyncio.timeout(PATIENCE_S):
        while not await world.pool.fetchval(
            "SELECT count(*) FROM identity.sessions WHERE revoked_at > $1 AND user_id = $2",
            to_datetime(0),
            he.id,
        ):
            await asyncio.sleep(0.01)
    async with open_redis_client(product_redis_url) as redis:
        made = offer(claim(call_id, she, he), now_ms(), Rules(offer_s=30))
        assert await RedisCalls(redis).save(made, (), version=0, now=now_ms()) == []
    assert (await ana.next("call:ended", call_id=call_id))["reason"] == "moderated"
    assert await world.call_records.active_call(he.id) is None


async def test_a_ban_while_somebody_reconnects(meet: Meet, world: World) -> None:
    """However the two cross, nobody who is banned stays connected."""
    pair = await meet()
    await pair.go_live()
    await pair.ben.drop()

    async def again() -> None:
        await asyncio.gather(*(pair.he.connect(f"phone {n}") for n in range(5)), return_exceptions=True)

    await asyncio.gather(again(), by_hand(world, pair.he))
    assert (await pair.ana.next("call:ended", call_id=pair.call_id))["reason"] == "moderated"
    async with asyncio.timeout(PATIENCE_S):
        for device in pair.he.devices:
            await device.closed.wait()


async def test_a_ban_that_begins_later_and_ends(sign_up: SignUp, world: World) -> None:
    """Until then it is none, and afterwards one may sign in again."""
    he = await sign_up()
    ben = await he.connect()
    now, day = now_ms(), 86_400_000
    later = NewBan(user_id=he.id, reason="spam", begins_at=now + day, until=now + 2 * day)
    async with world.pool.acquire() as connection:
        await ban_within(connection, later, now)
    await ben.ask("queue:leave")
    moved = "UPDATE identity.bans SET begins_at = $2, until = $3 WHERE user_id = $1"
    await world.pool.execute(moved, he.id, to_datetime(now - 1), to_datetime(now + day))
    await is_out(ben, he)
    await world.pool.execute(moved, he.id, to_datetime(now - 1), to_datetime(now))
    login = {"login": he.account["user"]["username"], "password": "correct horse battery"}
    status, body = await he.rest("POST", "/v1/auth/login", json=login)
    assert status == 200
    assert (await he.connect("phone", token=body["access_token"])).ready["user"]["id"] == he.id
    status, body = await he.rest("GET", "/v1/me")
    assert (status, body["code"]) == (401, "unauthenticated")


async def test_a_ban_and_its_lifting_are_on_the_audit_log(sign_up: SignUp, world: World) -> None:
    """With who did it; and a ban that was lifted bans nobody."""
    she, he = await sign_up(), await sign_up()
    bans = BanStore(world.pool)
    await world.set_role(she.id, "moderator")
    given = Bans(PenaltyStore(world.pool))
    ban_id = (await given.ban(he.id, reason="scam", until=None, by=she.id, now=now_ms())).id
    assert await bans.unban(he.id, she.id, now_ms())
    assert not await bans.unban(he.id, she.id, now_ms())
    log = "SELECT actor_id, action, details FROM identity.audit_log WHERE subject_id = $1 ORDER BY id"
    rows = [tuple(row) for row in await world.pool.fetch(log, he.id)]
    assert rows == [
        (she.id, "banned", {"ban": ban_id, "begins_at": None, "until": None}),
        (she.id, "unbanned", {"bans": [ban_id]}),
    ]
    assert await world.eligibility.unfit([he.id], now_ms()) == frozenset()
