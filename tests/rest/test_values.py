"""What somebody holds dear: put as a whole, given back as it was put."""

import asyncio
from typing import Any

import pytest

from core.clock import now_ms
from db.postgres.applicants import ApplicantStore
from services.value_rules import key_of
from tests.rest.server import Answer, RestServer
from tests.stores.world import since

HONEST = {"category": "character", "name": "Honesty", "strength": 80}
BOLD = {"category": "character", "name": "Courage", "strength": 0}


def value(name: str = "Honesty", category: str = "character", strength: int = 80) -> dict[str, Any]:
    return {"category": category, "name": name, "strength": strength}


async def put(rest: RestServer, token: str, *values: Any) -> Answer:
    return await rest.ask("PUT", "/v1/me/values", token=token, json={"values": list(values)})


async def get(rest: RestServer, token: str) -> Any:
    answer = await rest.ask("GET", "/v1/me/values", token=token)
    assert answer.status == 200
    return answer.body["values"]


async def test_the_whole_set_is_replaced(rest: RestServer) -> None:
    """In the order given, however often; what is left out is gone; nobody else's are touched."""
    token, other = [(await rest.sign_up())["access_token"] for _ in range(2)]
    assert await get(rest, token) == []
    await put(rest, other, HONEST)
    for values in ([HONEST, BOLD], [HONEST, BOLD], [BOLD, {**HONEST, "strength": 100}], [BOLD], []):
        answer = await put(rest, token, *values)
        assert (answer.status, answer.body) == (200, {"values": values})
        assert await get(rest, token) == values
    assert await get(rest, other) == [HONEST]


async def test_spelling_is_kept_but_for_spaces(rest: RestServer) -> None:
    token = (await rest.sign_up())["access_token"]
    answer = await put(rest, token, value("  Work \t life\u00a0balance ", " Every day "))
    assert answer.body["values"] == [value("Work life balance", "Every day")]


async def test_two_categories_may_hold_the_same_name(rest: RestServer) -> None:
    token = (await rest.sign_up())["access_token"]
    assert (await put(rest, token, value(category="work"), value(category="love"))).status == 200


@pytest.mark.parametrize("again", ["honesty ", "HONESTY", "  Honesty", "\uff28onesty"])
async def test_a_value_there_twice_is_named(rest: RestServer, again: str) -> None:
    """Whatever the case and spaces; and nothing is changed."""
    token = (await rest.sign_up())["access_token"]
    await put(rest, token, BOLD)
    answer = await put(rest, token, BOLD, HONEST, value(again, "Character"))
    assert (answer.code, answer.body["details"]) == ("invalid_request", {"field": "values[2]"})
    assert answer.body["detail"] == "`values[2]` is the same value as `values[1]`."
    assert await get(rest, token) == [BOLD]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "invalid_request", "values"),
        ({"values": None}, "invalid_request", "values"),
        ({"values": [HONEST], "mood": 1}, "invalid_request", "mood"),
        ({"values": [{**HONEST, "id": 1}]}, "invalid_request", "values[0].id"),
        ({"values": [HONEST, {"category": "a", "name": "b"}]}, "invalid_request", "values[1].strength"),
        ({"values": [value(strength=101)]}, "invalid_request", "values[0].strength"),
        ({"values": [value(strength=-1)]}, "invalid_request", "values[0].strength"),
        ({"values": [{**HONEST, "strength": 50.5}]}, "invalid_request", "values[0].strength"),
        ({"values": [{**HONEST, "strength": "50"}]}, "invalid_request", "values[0].strength"),
        ({"values": [{**HONEST, "strength": True}]}, "invalid_request", "values[0].strength"),
        ({"values": [value("")]}, "invalid_request", "values[0].name"),
        ({"values": [value(category="")]}, "invalid_request", "values[0].category"),
        ({"values": [value(" \u3000")]}, "invalid_request", "values[0].name"),
        ({"values": [value("a\0b")]}, "invalid_request", "values[0].name"),
        ({"values": [value("hon\u202eesty")]}, "invalid_request", "values[0].name"),
        ({"values": [value("x" * 101)]}, "payload_too_large", "values[0].name"),
        ({"values": [value(category="x" * 51)]}, "payload_too_large", "values[0].category"),
        # A letter of Devanagari that NFC writes as two.
        ({"values": [value("\u0958" * 100)]}, "payload_too_large", "values[0].name"),
        ({"values": [value(str(n), "a") for n in range(51)]}, "payload_too_large", "values"),
    ],
)
async def test_what_cannot_be_is_named(rest: RestServer, body: Any, code: str, field: str) -> None:
    token = (await rest.sign_up())["access_token"]
    answer = await rest.ask("PUT", "/v1/me/values", token=token, json=body)
    assert (answer.code, answer.body["details"]) == (code, {"field": field})
    assert await get(rest, token) == []


async def test_as_many_as_allowed(rest: RestServer) -> None:
    token = (await rest.sign_up())["access_token"]
    values = [value(str(n), "a") for n in range(50)]
    assert (await put(rest, token, *values)).body["values"] == values


async def test_lone_surrogates_do_not_reach_the_database(rest: RestServer) -> None:
    token = (await rest.sign_up())["access_token"]
    data = b'{"values": [{"category": "a", "name": "\\ud800", "strength": 1}]}'
    headers = {"Content-Type": "application/json"}
    answer = await rest.ask("PUT", "/v1/me/values", token=token, data=data, headers=headers)
    assert answer.code == "invalid_request"


async def test_of_sets_put_at_once_one_stays_whole(rest: RestServer) -> None:
    """Never a mixture of two."""
    token = (await rest.sign_up())["access_token"]
    sets = [
        [value(f"{n}-{i}", strength=n) for i in range(5)] + [value("shared", strength=n)] for n in range(8)
    ]
    answers = await asyncio.gather(*(put(rest, token, *values) for values in sets))
    assert [answer.status for answer in answers] == [200] * 8
    assert await get(rest, token) in sets


async def test_matching_is_told_the_strengths_by_key(rest: RestServer) -> None:
    """Two spellings of one value are one to it; a name in two categories is two."""
    ana, ben = await rest.sign_up(), await rest.sign_up()
    await put(rest, ana["access_token"], value("Café  Culture", "Leisure", 90), value("honesty", "love", 10))
    await put(
        rest, ben["access_token"], value("CAFE\u0301 culture ", "leisure", 70), value("honesty", "work")
    )
    store = ApplicantStore(rest.world.pool)
    asked = [(who["user"]["id"], now_ms(), since(now_ms())) for who in (ana, ben)]
    one, other = await store.applicants(asked)
    assert one is not None
    assert other is not None
    shared = key_of("Leisure", "Café Culture")
    assert (one.values[shared], other.values[shared]) == (90, 70)
    assert one.values.keys() & other.values.keys() == {shared}
    assert (len(one.values), len(other.values)) == (2, 2)
