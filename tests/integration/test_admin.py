"""An admin asks why two were brought together, and an operator how matching goes."""

from typing import Any

import aiohttp
import pytest

from tests.integration.conftest import Meet, SignUp
from tests.integration.person import Person
from tests.stores.world import world_at


@pytest.fixture
async def admin(sign_up: SignUp, product_database_url: str) -> Person:
    person = await sign_up()
    async with world_at(product_database_url) as world:
        await world.set_role(person.id, "admin")
    return person


async def test_why_these_two(meet: Meet, admin: Person, address: str, web: aiohttp.ClientSession) -> None:
    """From the search that found her or him to what the admin reads."""
    pair = await meet()
    path = f"{address}/v1/admin/calls/{pair.call_id}/match"
    told = await ask(web, path, admin)
    assert told["call_id"] == pair.call_id
    assert (told["road"], told["reproduced"]) == ("search", True)
    winner = next(candidate for candidate in told["candidates"] if candidate["outcome"] == "won")
    assert {winner["user_id"], told["seeker"]["user_id"]} == {pair.she.id, pair.he.id}
    assert winner["score"] == pytest.approx(sum(winner["parts"].values()))
    assert told["considered"] >= 1
    assert winner["score"] >= winner["asked"]
    assert (await ask(web, path, pair.she))["code"] == "not_found"


async def test_the_metrics_of_matching_are_exported(
    meet: Meet, address: str, web: aiohttp.ClientSession
) -> None:
    """Joins, offers, waits; and the metrics that are expected to stay 0."""
    before = await metrics(web, address)
    assert before["double_match_total"] == before['realtime_job_faults_total{job="sweep"}'] == 0
    await meet("voice")
    after = await metrics(web, address)
    for name, more in (
        ('realtime_matching_joins_total{mode="voice"}', 2),
        ('realtime_matching_departures_total{reason="matched"}', 2),
        ('realtime_matching_wait_seconds_count{mode="voice"}', 2),
        ('realtime_matching_offers_total{mode="voice",road="search"}', 1),
    ):
        assert after[name] - before[name] >= more, name
    assert after["double_match_total"] == 0


async def ask(web: aiohttp.ClientSession, url: str, person: Person) -> Any:
    headers = {"Authorization": f"Bearer {person.account['access_token']}"}
    async with web.get(url, headers=headers) as answer:
        return await answer.json(content_type=None)


async def metrics(web: aiohttp.ClientSession, address: str) -> dict[str, float]:
    async with web.get(f"{address}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return {name: float(value) for name, value in (li.rsplit(" ", 1) for li in lines if li[0] != "#")}
