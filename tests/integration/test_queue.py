"""The queue: joining, waiting, leaving, and who is offered to whom."""

import asyncio
from itertools import pairwise

import pytest

from tests.integration.conftest import Meet, Meeting, SignUp


async def test_two_who_wait_are_offered_to_each_other(pair: Meeting) -> None:
    """Each hears that the ticket is used up, then of the other."""
    names = [name for name, _, _ in pair.ana.heard]
    assert names.index("queue:left") < names.index("call:offered")
    [left] = [p for n, p, _ in pair.ana.heard if n == "queue:left"]
    assert left["reason"] == "matched"
    [offer] = [p for n, p, _ in pair.ben.heard if n == "call:offered"]
    assert offer["peer"] == {
        "user_id": pair.she.id,
        "display_name": pair.she.account["user"]["display_name"],
        "age": offer["peer"]["age"],
        "gender": "female",
        "intent": "casual",
        "languages": offer["peer"]["languages"],
    }
    assert (offer["origin"], offer["mode"], offer["auto_accept"]) == ("match", "video", True)


async def test_joining_again_gives_the_same_ticket(sign_up: SignUp) -> None:
    device = await (await sign_up()).connect()
    answers = await asyncio.gather(*(device.ask("queue:join", mode="voice") for _ in range(5)))
    assert len({answer["ticket"]["id"] for answer in answers}) == 1
    assert answers[0]["ticket"]["mode"] == "voice"
    assert answers[0]["waiting"] >= 1


async def test_who_joins_counts_themselves(sign_up: SignUp) -> None:
    """Also in the answer to a copy that comes while the place is being taken for a match."""
    she, he = await sign_up(gender="female"), await sign_up(gender="male")
    ana, ben = await she.connect("ana-phone"), await he.connect("ben-phone")
    await ana.ask("queue:join", mode="voice")
    copies = await asyncio.gather(*(ben.send_raw("queue:join", {"mode": "voice"}) for _ in range(4)))
    assert copies[0]["ok"]
    assert all(copy["data"]["waiting"] >= 1 for copy in copies if copy["ok"]), copies


async def test_two_devices_share_one_ticket(sign_up: SignUp) -> None:
    person = await sign_up()
    phone, laptop = await person.connect("phone"), await person.connect("laptop")
    first = await phone.ask("queue:join", mode="voice")
    assert (await laptop.ask("queue:join", mode="voice"))["ticket"] == first["ticket"]
    await laptop.ask("queue:leave")
    assert (await phone.next("queue:left"))["reason"] == "left"


async def test_leaving_is_fine_at_any_time(sign_up: SignUp) -> None:
    device = await (await sign_up()).connect()
    assert await device.ask("queue:leave") == {}
    ticket = (await device.ask("queue:join", mode="video"))["ticket"]
    assert await device.ask("queue:leave") == {}
    assert await device.next("queue:left") == {"ticket_id": ticket["id"], "reason": "left"}
    assert await device.ask("queue:leave") == {}


async def test_who_watches_sees_one_queue_and_leave(pair: Meeting) -> None:
    """`queuing` from the moment of joining, `online` from the moment of leaving."""
    await pair.connect()
    await pair.ana.ask("presence:watch", user_ids=[pair.he.id])
    for _ in range(2):
        await pair.ben.ask("queue:join", mode="voice", preferences={"age_min": 100})
        await pair.ana.next("presence:changed", user_id=pair.he.id, status="queuing")
        await pair.ben.ask("queue:leave")
        await pair.ana.next("presence:changed", user_id=pair.he.id, status="online")


async def test_who_skips_is_seen_to_queue(pair: Meeting, sign_up: SignUp) -> None:
    """She and he know each other; she skips a stranger, and he sees her queue again."""
    await pair.connect()
    await pair.ben.ask("presence:watch", user_ids=[pair.she.id])
    stranger = await (await sign_up(gender="male")).connect()
    await stranger.ask("queue:join", mode="voice")
    await pair.ana.ask("queue:join", mode="voice")
    call_id = (await pair.ana.next("call:offered"))["call_id"]
    await pair.ben.next("presence:changed", status="in_call")
    await pair.ana.ask("call:skip", call_id=call_id)
    await pair.ben.next("presence:changed", user_id=pair.she.id, status="queuing")
    await pair.ana.ask("queue:leave")


async def test_who_waits_hears_how_it_goes(sign_up: SignUp) -> None:
    device = await (await sign_up()).connect()
    await device.ask("queue:join", mode="voice")
    updates = [await device.next("queue:updated") for _ in range(2)]
    assert all(before["waited_ms"] < after["waited_ms"] for before, after in pairwise(updates))


async def test_the_ticket_is_there_after_a_reconnect_and_not_for_ever(sign_up: SignUp) -> None:
    person = await sign_up()
    device = await person.connect()
    ticket = (await device.ask("queue:join", mode="voice"))["ticket"]
    await device.drop()
    back = await person.connect(offset=device.offset)
    assert back.ready["ticket"] == ticket
    offset = back.offset
    await back.drop()
    watcher = await person.connect("laptop", offset=offset)
    assert watcher.ready["ticket"] == ticket


@pytest.mark.hurried
async def test_who_has_gone_leaves_the_queue(sign_up: SignUp) -> None:
    """The lease runs out, which others see, and who comes back later is told."""
    person, watcher = await sign_up(), await sign_up()
    device, watching = await person.connect(), await watcher.connect()
    for each in (device, watching):
        await each.ask("queue:join", mode="voice", preferences={"genders": ["male"]})
    await watching.next("queue:updated", waiting=2)
    await device.drop()
    await watching.next("queue:updated", waiting=1)
    again = await person.connect(offset=device.offset)
    assert again.ready["ticket"] is None
    assert (await again.next("queue:left"))["reason"] == "disconnected"


async def test_nobody_queues_twice_at_once(pair: Meeting) -> None:
    assert await pair.ana.refused("queue:join", mode="video") == "already_in_call"
    await pair.start()
    assert await pair.ben.refused("queue:join", mode="voice") == "already_in_call"


@pytest.mark.parametrize(
    "preferences", [{"age_min": 17}, {"age_min": 50, "age_max": 40}, {"genders": []}, {"genders": ["robot"]}]
)
async def test_preferences_that_make_no_sense(sign_up: SignUp, preferences: dict[str, object]) -> None:
    device = await (await sign_up()).connect()
    assert await device.refused("queue:join", mode="video", preferences=preferences) == "invalid_request"
    assert await device.refused("queue:join", mode="smoke") == "invalid_request"


async def test_hard_rules_hold_both_ways(sign_up: SignUp) -> None:
    """Nobody meets a person whom they do not seek, though that person seeks them."""
    ana, ben, carl = [await sign_up(gender=gender) for gender in ("female", "male", "male")]
    hers, his, carls = [await person.connect() for person in (ana, ben, carl)]
    await hers.ask("queue:join", mode="video", preferences={"genders": ["female"]})
    await his.ask("queue:join", mode="video")
    await carls.ask("queue:join", mode="video")
    offered = await his.next("call:offered")
    assert offered["peer"]["user_id"] == carl.id
    assert hers.has_heard("call:offered") == 0


async def test_voice_and_video_do_not_meet(sign_up: SignUp) -> None:
    devices = [await (await sign_up()).connect() for _ in range(3)]
    for device, mode in zip(devices, ("voice", "video", "voice"), strict=True):
        await device.ask("queue:join", mode=mode)
    offered = await devices[0].next("call:offered")
    assert offered["mode"] == "voice"
    assert devices[1].has_heard("call:offered") == 0


async def test_the_same_two_do_not_meet_again_today(meet: Meet, sign_up: SignUp) -> None:
    pair = await meet()
    await pair.hang_up()
    await pair.ana.ask("queue:join", mode="video")
    await pair.ben.ask("queue:join", mode="video")
    third = await (await sign_up(gender="male")).connect()
    await third.ask("queue:join", mode="video")
    offered = await third.next("call:offered")
    found = {pair.she.id: pair.ana, pair.he.id: pair.ben}[offered["peer"]["user_id"]]
    await found.next("call:offered", call_id=offered["call_id"])
    assert (pair.ana.has_heard("call:offered"), pair.ben.has_heard("call:offered")) in {(2, 1), (1, 2)}
