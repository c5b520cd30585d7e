"""Users through whom matches fail wait before the next: with rate limits on, as they are by default."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from composition.realtime import running
from core.settings import Settings
from tests.integration.conftest import HURRIED_S, Meet, Meeting, SignUp
from tests.integration.person import ClientDevice, Refused

SECOND_S = 200
Lapse = Callable[[], Awaitable[None]]


@pytest.fixture(scope="module")
async def address(settings: Settings, nodes_database_url: str, nodes_redis_url: str) -> AsyncIterator[str]:
    """A product of its own, with waits that no busy machine outlasts."""
    own = replace(
        settings,
        database_url=nodes_database_url,
        redis_url=nodes_redis_url,
        region="cool-downs",
        rate_limits="on",
        cool_downs_s=f"0,{SECOND_S},300",
        **HURRIED_S,
        register_per_m=6000,
        register_burst=1000,
    )
    async with running(own) as address:
        yield address


@pytest.fixture
async def lapse(nodes_database_url: str) -> AsyncIterator[Lapse]:
    """`await lapse()`: the second wait is over, for all faults were so long ago."""
    connection = await asyncpg.connect(nodes_database_url)

    async def earlier() -> None:
        await connection.execute(
            "UPDATE interaction.call_participants SET fault_at = fault_at - make_interval(secs => $1)"
            " WHERE fault_at IS NOT NULL",
            float(SECOND_S),
        )

    yield earlier
    await connection.close()


async def offered_to(
    sign_up: SignUp, device: ClientDevice, gender: str = "female"
) -> tuple[ClientDevice, str]:
    """Someone new, who is offered to this person; and the call."""
    other = await (await sign_up(gender=gender)).connect()
    await other.ask("queue:join", mode="video")
    call_id = (await other.next("call:offered"))["call_id"]
    await device.next("call:offered", call_id=call_id)
    return other, call_id


async def declines(sign_up: SignUp, device: ClientDevice, times: int) -> None:
    """Queue, and decline the offer, so many times; there is no wait to be told of yet."""
    for _ in range(times):
        await device.ask("queue:join", mode="video")
        other, call_id = await offered_to(sign_up, device)
        await device.ask("call:decline", call_id=call_id)
        await other.next("call:ended", reason="declined")
        await other.ask("queue:leave")


async def cooling(device: ClientDevice, **what: Any) -> dict[str, Any]:
    """The error that joining is answered with."""
    with pytest.raises(Refused) as refused:
        await device.ask("queue:join", mode="video", **what)
    assert refused.value.code == "rate_limited"
    assert refused.value.error["details"] == {"reason": "cool_down"}, "a page tells a break from other limits"
    return refused.value.error


async def test_the_first_time_costs_nothing_the_second_a_little_the_third_a_lot(
    sign_up: SignUp, lapse: Lapse
) -> None:
    """And the error says why, and until when; the wait is over when it was said to be."""
    ben = await (await sign_up(gender="male")).connect()
    await declines(sign_up, ben, 1)
    await ben.ask("queue:join", mode="video")
    other, call_id = await offered_to(sign_up, ben)
    await ben.ask("call:decline", call_id=call_id)
    assert 0 < (await cooling(ben))["retry_after_ms"] <= SECOND_S * 1_000
    await other.ask("queue:leave")
    await lapse()
    await declines(sign_up, ben, 1)
    error = await cooling(ben)
    left_ms = error["retry_after_ms"]
    assert SECOND_S * 1_000 < left_ms <= 300_000
    assert "declined" in error["message"]
    assert f"{-(-left_ms // 1_000)} s" in error["message"]
    assert (await cooling(ben))["retry_after_ms"] <= left_ms


async def test_the_other_has_the_old_place_and_no_wait(pair: Meeting) -> None:
    """The user who was declined is queued already, and joining again gives that ticket."""
    await pair.ben.ask("call:decline", call_id=pair.call_id)
    ended = await pair.ana.next("call:ended", reason="declined")
    assert (await pair.ana.ask("queue:join", mode="video"))["ticket"] == ended["ticket"]


async def test_no_device_and_no_repeat_gets_around_it(sign_up: SignUp) -> None:
    """Declining twice is one fault, and both devices wait for two."""
    person = await sign_up(gender="male")
    phone, laptop = await person.connect("phone"), await person.connect("laptop")
    await declines(sign_up, phone, 1)
    await phone.ask("queue:join", mode="video")
    other, call_id = await offered_to(sign_up, phone)
    await asyncio.gather(*(d.ask("call:decline", call_id=call_id) for d in (phone, laptop, phone)))
    for device in (laptop, phone):
        assert (await cooling(device))["retry_after_ms"] <= SECOND_S * 1_000
    await other.ask("queue:leave")


async def test_a_join_that_races_the_decline_does_not_slip_through(sign_up: SignUp, lapse: Lapse) -> None:
    """From another device, again and again: in the call or cooling down, and never in the queue."""
    person = await sign_up(gender="male")
    phone, laptop = await person.connect("phone"), await person.connect("laptop")
    await declines(sign_up, phone, 2)
    await lapse()
    await phone.ask("queue:join", mode="video")
    _, call_id = await offered_to(sign_up, phone)

    async def join_until_cooling() -> list[str]:
        codes = []
        while "rate_limited" not in codes:
            codes.append(await laptop.refused("queue:join", mode="video"))
        return codes

    codes, _ = await asyncio.gather(join_until_cooling(), phone.ask("call:decline", call_id=call_id))
    assert set(codes) <= {"already_in_call", "rate_limited"}
    assert (await cooling(phone))["retry_after_ms"] > SECOND_S * 1_000


async def test_who_lets_an_offer_lapse_cools_down_and_who_accepted_does_not(sign_up: SignUp) -> None:
    """She accepts and he is silent, for the second time: she has the old place, he has to wait."""
    his = await (await sign_up(gender="male")).connect()
    await declines(sign_up, his, 1)
    await his.ask("queue:join", mode="video")
    hers, call_id = await offered_to(sign_up, his)
    await hers.ask("call:accept", call_id=call_id)
    ended = await hers.next("call:ended", reason="no_answer")
    assert "ticket" not in await his.next("call:ended", reason="no_answer")
    await cooling(his)
    assert (await hers.ask("queue:join", mode="video"))["ticket"] == ended["ticket"]


async def test_who_does_not_get_media_going_cools_down_where_it_can_be_told(
    sign_up: SignUp,
) -> None:
    """Her media flows and his does not: she has the old place back, and he may not queue the second time."""
    his = await (await sign_up(gender="male")).connect()
    await declines(sign_up, his, 1)
    await his.ask("queue:join", mode="video")
    hers, call_id = await offered_to(sign_up, his)
    for device in (hers, his):
        await device.ask("call:accept", call_id=call_id)
    started = await hers.next("call:started", call_id=call_id)
    await hers.ask("call:connected", call_id=call_id, epoch=started["epoch"])
    assert "ticket" in await hers.next("call:ended", reason="media_failed")
    assert "ticket" not in await his.next("call:ended", reason="media_failed")
    await cooling(his)


async def test_a_skip_is_no_fault(meet: Meet, sign_up: SignUp) -> None:
    """It queues in one step, however often; and the two are not offered to each other again."""
    pair = await meet()
    peer, call_id = pair.ben, pair.call_id
    for _ in range(4):
        ticket = (await pair.ana.ask("call:skip", call_id=call_id))["ticket"]
        assert "ticket" in await peer.next("call:ended", reason="skipped")
        await peer.ask("queue:leave")
        assert (await pair.ana.ask("queue:join", mode="video"))["ticket"] == ticket
        peer, call_id = await offered_to(sign_up, pair.ana, gender="male")
