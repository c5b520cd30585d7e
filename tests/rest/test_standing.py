"""One's own standing: strikes, until when one is out, and one appeal for each."""

import asyncio

from core.clock import rfc3339
from core.ids import new_id
from tests.rest.server import Answer, RestServer, new_person
from tests.rest.test_restricted import token

PATH = "/v1/me/standing"


async def appeal(rest: RestServer, strike_id: str, own: str, text: str = "That was not me.") -> Answer:
    path = f"/v1/me/strikes/{strike_id}/appeal"
    return await rest.ask("POST", path, json={"text": text}, token=own)


async def test_who_has_done_nothing_is_active(rest: RestServer) -> None:
    own = (await rest.sign_up())["access_token"]
    answer = await rest.ask("GET", PATH, token=own)
    assert (answer.status, answer.body) == (200, {"status": "active", "strikes": []})


async def test_a_warning_leaves_one_active(rest: RestServer) -> None:
    """And can be appealed like any strike."""
    signed_in = await rest.sign_up()
    given = await rest.world.strike(signed_in["user"]["id"], "warn")
    answer = (await rest.ask("GET", PATH, token=signed_in["access_token"])).body
    [strike] = answer["strikes"]
    assert answer["status"] == "active"
    assert strike == {"id": given.strike_id, "action": "warn", "reason": "spam", "at": strike["at"]}
    assert (await appeal(rest, given.strike_id, signed_in["access_token"])).status == 201


async def test_who_is_suspended_sees_why_and_appeals(rest: RestServer) -> None:
    """With the token that the sign-in gave; of several bans the longest counts."""
    person, now = new_person(), rest.clock()
    user_id = (await rest.sign_up(**person))["user"]["id"]
    short = await rest.world.strike(user_id, "suspend", until=now + 1_000_000)
    long = await rest.world.strike(user_id, "suspend", until=now + 2_000_000)
    own = token(await rest.login(person["email"]))
    filed = await appeal(rest, short.strike_id, own, "It was a quote.")
    assert (filed.status, filed.body) == (201, {"state": "open", "text": "It was a quote."})
    standing = (await rest.ask("GET", PATH, token=own)).body
    assert standing["status"] == "suspended"
    assert standing["restricted_until"] == rfc3339(now + 2_000_000)
    assert [s["id"] for s in standing["strikes"]] == [long.strike_id, short.strike_id]
    assert standing["strikes"][1]["until"] == rfc3339(now + 1_000_000)
    assert standing["strikes"][1]["appeal"] == filed.body
    assert "appeal" not in standing["strikes"][0]
    await rest.world.strike(user_id)
    assert "restricted_until" not in (await rest.ask("GET", PATH, token=own)).body


async def test_one_appeal_a_strike_of_ones_own(rest: RestServer) -> None:
    """Also of many at once; another's strike is as one that is not there, and words are bounded."""
    ana, ben = [await rest.sign_up() for _ in range(2)]
    given = await rest.world.strike(ana["user"]["id"], "warn")
    own = ana["access_token"]
    for wrong, code in (
        ("", "invalid_request"),
        ("  ", "invalid_request"),
        ("x" * 4001, "payload_too_large"),
    ):
        answer = await appeal(rest, given.strike_id, own, wrong)
        assert answer.code == code, wrong
    answers = await asyncio.gather(*(appeal(rest, given.strike_id, own) for _ in range(5)))
    assert sorted(a.status for a in answers) == [201, 409, 409, 409, 409]
    assert {a.code for a in answers if a.status != 201} == {"conflict"}
    theirs = await appeal(rest, given.strike_id, ben["access_token"])
    none = await appeal(rest, new_id(), ben["access_token"])
    assert theirs.code == none.code == "not_found"
    assert theirs.body == none.body


async def test_what_was_lifted_is_gone(rest: RestServer) -> None:
    """Undone, or the ban was lifted: it is not shown any more, and there is nothing to appeal against."""
    person = new_person()
    signed_in = await rest.sign_up(**person)
    user_id = signed_in["user"]["id"]
    given = await rest.world.strike(user_id)
    own = token(await rest.login(person["email"]))
    await rest.world.unban(user_id)
    assert (await rest.ask("GET", PATH, token=own)).body == {"status": "active", "strikes": []}
    assert (await appeal(rest, given.strike_id, own)).code == "gone"
