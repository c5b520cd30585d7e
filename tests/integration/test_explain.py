"""`queue:explain`: why one still waits, reason by reason, and nothing about who has blocked whom."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from composition.realtime import running
from core.settings import Settings
from tests.integration.conftest import Meet, SignUp
from tests.integration.person import ClientDevice

RELAXES_S = {"countries": 100, "intents": 200, "languages": 400}


@pytest.fixture(scope="module")
async def address(settings: Settings) -> AsyncIterator[str]:
    """A region of its own, so that nobody else waits; and no wish relaxes before a busy machine has asked."""
    relaxes = {f"relax_{wish}_s": after_s for wish, after_s in RELAXES_S.items()}
    async with running(replace(settings, region="explained", **relaxes)) as address:
        yield address


async def explained(device: ClientDevice) -> Any:
    told = await device.ask("queue:explain")
    assert told["candidates"] == 0
    return told["removed"]


async def test_who_does_not_wait_has_nothing_explained(sign_up: SignUp) -> None:
    device = await (await sign_up()).connect()
    assert await device.refused("queue:explain") == "not_queued"


async def test_who_is_alone_is_told_so(sign_up: SignUp) -> None:
    device = await (await sign_up()).connect()
    await device.ask("queue:join", mode="video")
    told = await device.ask("queue:explain")
    assert told == {"candidates": 0, "removed": {}, "relaxes": [], "estimated_wait_ms": None}


@pytest.mark.parametrize(
    ("hers", "reason"),
    [
        ({"genders": ["female"]}, "gender"),
        ({"age_min": 60}, "age"),
        ({"countries": ["DE"]}, "countries"),
        ({"intents": ["serious"]}, "intents"),
        ({"languages": ["de"]}, "languages"),
    ],
)
async def test_ones_own_wishes_are_told_and_anothers_are_not(
    sign_up: SignUp, hers: dict[str, object], reason: str
) -> None:
    """She hears which of her wishes keeps him away; he, that something does. Genders are told both ways."""
    ana, ben = [await (await sign_up(gender=gender)).connect() for gender in ("female", "male")]
    await ana.ask("queue:join", mode="video", preferences=hers)
    await ben.ask("queue:join", mode="video")
    told = await ana.ask("queue:explain")
    assert (told["candidates"], told["removed"]) == (0, {reason: 1})
    assert {step["preference"]: step["at_ms"] for step in told["relaxes"]} == {
        wish: after_s * 1000 for wish, after_s in RELAXES_S.items() if wish == reason
    }
    assert await explained(ben) == {"gender" if reason == "gender" else "kept_apart": 1}


async def test_who_was_blocked_cannot_tell(sign_up: SignUp) -> None:
    """The same answer as when he simply seeks somebody of another age; and she hears no more than he."""
    ana, ben = await sign_up(), await sign_up(gender="male")
    hers, his = await ana.connect(), await ben.connect()
    await his.ask("queue:join", mode="video", preferences={"age_min": 60})
    await hers.ask("queue:join", mode="video")
    unblocked = await hers.ask("queue:explain")
    await his.ask("queue:leave")
    await his.next("queue:left")
    assert (await ben.rest("POST", "/v1/blocks", json={"user_id": ana.id}))[0] == 201
    await his.ask("queue:join", mode="video")
    assert await hers.ask("queue:explain") == unblocked
    assert await explained(his) == await explained(hers) == {"kept_apart": 1}


async def test_whom_one_met_today_is_kept_apart(meet: Meet) -> None:
    pair = await meet()
    await pair.hang_up()
    for device in (pair.ana, pair.ben):
        await device.ask("queue:join", mode="voice")
    assert await explained(pair.ana) == {"kept_apart": 1}


async def test_another_mode_is_another_queue(sign_up: SignUp) -> None:
    """A user who wants a voice call is not counted for one who wants video."""
    for mode in ("voice", "video"):
        device = await (await sign_up()).connect()
        await device.ask("queue:join", mode=mode)
        assert await explained(device) == {}
