"""What comes between, while somebody is rung: bans, other calls, limits."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from composition.realtime import running
from core.ids import new_id
from core.settings import Settings
from tests.integration.conftest import Meeting, SignUp
from tests.integration.person import Refused
from tests.integration.test_direct_calls import Connected, connected, matched
from tests.stores.world import World, world_at


@pytest.fixture
async def two(pair: Meeting) -> Connected:
    return await connected(pair)


@pytest.mark.parametrize(("who", "reason"), [("he", "no_answer"), ("she", "cancelled")])
async def test_a_ban_while_it_rings_looks_like_none(
    two: Connected, world: World, who: str, reason: str
) -> None:
    """As if nobody had answered, or she had stopped ringing; after it nobody is rung any more."""
    call_id = await two.ring()
    out = getattr(two, who)
    await world.pool.execute(
        "INSERT INTO identity.bans (id, user_id, reason, created_at) VALUES ($1, $2, 'by hand', now())",
        new_id(),
        out.id,
    )
    other = two.ana if who == "he" else two.ben
    await other.next("call:ended", call_id=call_id, reason=reason)
    invited = await other.ask("call:invite", connection_id=two.connection["id"], mode="voice")
    assert invited["call_id"] != call_id, "it seems to ring"


async def test_who_has_an_offer_rings_nobody_and_is_not_rung(two: Connected, sign_up: SignUp) -> None:
    """Before either has accepted it, too."""
    stranger = await (await sign_up()).connect()
    offered = await matched(two.ben, stranger)
    invite = {"connection_id": two.connection["id"], "mode": "voice"}
    assert await two.ben.refused("call:invite", **invite) == "already_in_call"
    invited = await two.ana.ask("call:invite", **invite)
    await two.ana.next("call:ended", call_id=invited["call_id"], reason="no_answer")
    assert not two.ben.has_heard("call:offered", call_id=invited["call_id"])
    await two.ben.ask("call:decline", call_id=offered)


@pytest.fixture(scope="module")
async def limited(settings: Settings, nodes_database_url: str, nodes_redis_url: str) -> AsyncIterator[str]:
    """A node where one rings another three times at once, and once an hour."""
    own = replace(
        settings,
        database_url=nodes_database_url,
        redis_url=nodes_redis_url,
        region="ringing",
        rate_limits="on",
        ring_one_burst=3,
        ring_one_per_h=1,
    )
    async with running(own) as address:
        yield address


async def test_nobody_is_rung_without_end(limited: str, sign_up: SignUp, nodes_database_url: str) -> None:
    """Nor is told without end of calls that they have missed. He may ring her, and others him."""
    she, he, eve = [await sign_up(address=limited, gender=g) for g in ("female", "male", "female")]
    async with world_at(nodes_database_url) as world:
        theirs = await world.connected((she.id, he.id))
        hers = await world.connected((eve.id, he.id))
    ana, ben, other = [await person.connect() for person in (she, he, eve)]
    invite = {"connection_id": theirs.id, "mode": "voice"}
    for number in range(3):
        call_id = (await ana.ask("call:invite", **invite))["call_id"]
        await ana.ask("call:end", call_id=call_id)
        await ana.next("call:ended", call_id=call_id)
        assert (await ben.next("notification:new"))["notification"]["kind"] == "missed_call", number
    with pytest.raises(Refused) as refused:
        await ana.ask("call:invite", **invite)
    assert refused.value.code == "rate_limited"
    assert 3_000_000 < refused.value.error["retry_after_ms"] <= 3_600_000
    _, page = await he.rest("GET", "/v1/notifications")
    assert len(page["items"]) == 3
    for device, connection in ((ben, theirs), (other, hers)):
        ringing = await device.ask("call:invite", connection_id=connection.id, mode="voice")
        await device.ask("call:end", call_id=ringing["call_id"])
