"""Where the operator allows it: two who met today meet again when nobody else is there."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from composition.realtime import running
from core.settings import Settings
from tests.integration.conftest import Meet


@pytest.fixture(scope="module")
async def address(settings: Settings) -> AsyncIterator[str]:
    """A region of its own, so that nobody else waits."""
    async with running(replace(settings, region="lonely", rematch_alone_s=1, offer_s=20)) as address:
        yield address


async def test_two_who_have_nobody_else_meet_again(meet: Meet) -> None:
    pair = await meet()
    await pair.hang_up()
    for device in (pair.ana, pair.ben):
        await device.ask("queue:join", mode="video")
    again = await pair.ana.next("call:offered")
    assert (again["peer"]["user_id"], again["call_id"] != pair.call_id) == (pair.he.id, True)
    await pair.ben.next("call:offered", call_id=again["call_id"])


async def test_who_declined_the_other_does_not(meet: Meet) -> None:
    """She waits on; a third is offered to her at once."""
    pair = await meet()
    await pair.ana.ask("call:decline", call_id=pair.call_id)
    await pair.ana.ask("queue:join", mode="video")
    await pair.ana.next("queue:updated", waiting=2)
    for _ in range(3):
        await pair.ana.next("queue:updated")
    assert (pair.ana.has_heard("call:offered"), pair.ben.has_heard("call:offered")) == (1, 1)


async def test_two_who_did_not_answer_are_not_offered_to_each_other_again(meet: Meet) -> None:
    """Not at once: who has not answered just now would hardly do so a second later."""
    pair = await meet()
    for device in (pair.ana, pair.ben):
        assert "ticket" not in await device.next("call:ended", reason="no_answer")
        await device.ask("queue:join", mode="video")
    await pair.ana.next("queue:updated", waiting=2)
    for _ in range(3):
        await pair.ana.next("queue:updated")
    assert (pair.ana.has_heard("call:offered"), pair.ben.has_heard("call:offered")) == (1, 1)
    assert (await pair.ana.ask("queue:explain"))["removed"] == {"kept_apart": 1}
