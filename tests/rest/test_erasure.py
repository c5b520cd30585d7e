"""Deleting one's account: out at once, some days to come back, then nothing is left but what safety needs."""

import asyncio
from typing import Any

import pytest

from core.clock import DAY_MS, rfc3339, to_datetime
from core.contract.index import ENDPOINTS
from core.data_rules import Stays
from core.ids import new_id
from core.personal_data import TABLES
from core.settings import Settings
from db.postgres.erasures import ErasureStore
from db.postgres.personal_data import PersonalData, remaining
from services.erasures import Erase, EraseDue
from tests.rest.pictures import drawn, encoded, form
from tests.rest.server import PASSWORD, Answer, RestServer, new_person, path_of
from tests.rest.test_barred import seen
from tests.rest.test_own_data import EXPORT, a_life

GRACE_S = 14 * 86_400


async def delete(rest: RestServer, who: Any, password: str | None = PASSWORD) -> Answer:
    body = {} if password is None else {"password": password}
    return await rest.ask("DELETE", "/v1/me", token=who["access_token"], json=body)


async def restore(rest: RestServer, who: Any) -> Answer:
    return await rest.ask("POST", "/v1/me/restore", token=who["access_token"])


async def me(rest: RestServer, who: Any) -> Answer:
    return await rest.ask("GET", "/v1/me", token=who["access_token"])


async def deleted(rest: RestServer, **changes: Any) -> Any:
    """Somebody who has asked for it, and has signed in since."""
    who = await rest.sign_up(**changes)
    assert (await delete(rest, who)).status == 202
    again = (await rest.login(who["user"]["email"])).body
    assert again["restricted"] == "erasing"
    assert again["erases_at"] > rfc3339(rest.clock() + (GRACE_S - 60) * 1000)
    return again


async def erase(rest: RestServer, user_id: str) -> None:
    """Their time comes, and the job is done."""
    now = to_datetime(rest.clock())
    await rest.world.pool.execute(
        "UPDATE identity.erasures SET erases_at = $2 WHERE user_id = $1 AND begun_at IS NULL", user_id, now
    )
    await rest.own_data.erasures.erase(Erase(user_id=user_id))


async def left(rest: RestServer, user_id: str) -> list[str]:
    """Tables in which something is left that the registry wants erased."""
    found = []
    for table in TABLES:
        if not isinstance(table.erased, Stays):
            statement = remaining(table, table.erased)
            given = statement.given(user_id, rest.clock() + 1000)
            if await rest.world.pool.fetchval(statement.text, *given):
                found.append(table.name)
    return found


async def test_it_takes_the_password_and_ends_all_sessions(rest: RestServer) -> None:
    """Asked again from another device at the same time: the same day."""
    ana = await rest.sign_up()
    other = (await rest.login(ana["user"]["email"])).body
    for wrong in ("wrong password", "x", None):
        refused = await delete(rest, ana, wrong)
        assert (refused.code, refused.body["details"]["factor"]) == ("unauthenticated", "password")
    rest.clock.stop()
    answers = await asyncio.gather(delete(rest, ana), delete(rest, other))
    done = [answer for answer in answers if answer.status == 202]
    assert {answer.body["erases_at"] for answer in done} == {rfc3339(rest.clock() + GRACE_S * 1000)}
    for who in (ana, other):
        assert (await me(rest, who)).code == "unauthenticated"
        assert (await rest.refresh(who["refresh_token"])).code == "unauthenticated"


async def test_an_account_without_a_password_needs_a_fresh_sign_in(rest: RestServer) -> None:
    ana = await rest.sign_up()
    await rest.world.pool.execute(
        "UPDATE identity.users SET password_hash = NULL WHERE id = $1", ana["user"]["id"]
    )
    await rest.world.pool.execute(
        "UPDATE identity.sessions SET created_at = now() - interval '1 hour' WHERE user_id = $1",
        ana["user"]["id"],
    )
    assert (await delete(rest, ana, None)).code == "unauthenticated"
    await rest.world.pool.execute(
        "UPDATE identity.sessions SET created_at = now() WHERE user_id = $1", ana["user"]["id"]
    )
    assert (await rest.ask("DELETE", "/v1/me", token=ana["access_token"])).status == 202


async def test_meanwhile_it_is_out_as_if_it_was_banned(rest: RestServer) -> None:
    """Nobody sees it; its friends do again when it has come back."""
    ana, ben = await rest.sign_up(), await rest.sign_up()
    await rest.world.befriended((ana["user"]["id"], ben["user"]["id"]))

    async def shown() -> tuple[int, int]:
        profile = await rest.ask("GET", f"/v1/profiles/{ana['user']['id']}", token=ben["access_token"])
        friends = await rest.ask("GET", "/v1/friends", token=ben["access_token"])
        return profile.status, len(friends.body["items"])

    assert await shown() == (200, 1)
    assert (await delete(rest, ana)).status == 202
    assert await shown() == (404, 0)
    back = (await rest.login(ana["user"]["email"])).body
    assert (await restore(rest, back)).status == 204
    assert await shown() == (200, 1)


async def test_its_tokens_serve_what_says_so(rest: RestServer) -> None:
    """Everything else is `forbidden`, also to staff; refreshed they are no more than that."""
    ana = await deleted(rest)
    await rest.world.set_role(ana["user"]["id"], "admin")
    ana = (await rest.refresh(ana["refresh_token"])).body
    assert ana["restricted"] == "erasing"
    for endpoint in ENDPOINTS:
        if endpoint.auth and endpoint.name != "appeal":
            answer = await rest.ask(endpoint.method, path_of(endpoint.path), token=ana["access_token"])
            forbidden = answer.status == 403 and answer.code == "forbidden"
            assert forbidden is not endpoint.restricted, (endpoint.name, answer)
            if endpoint.name == "restore_me":
                assert (await delete(rest, ana)).status == 202
                ana = (await rest.login(ana["user"]["email"])).body


async def test_who_comes_back_goes_on_with_the_same_session(rest: RestServer) -> None:
    """Again has no effect; nor has it for somebody who never left."""
    ana = await deleted(rest)
    assert (await me(rest, ana)).code == "forbidden"
    for _ in range(2):
        assert (await restore(rest, ana)).status == 204
        assert (await me(rest, ana)).status == 200
    again = (await rest.refresh(ana["refresh_token"])).body
    assert "restricted" not in again
    await erase(rest, ana["user"]["id"])
    assert (await me(rest, again)).status == 200


async def test_who_leaves_can_take_a_copy_along(rest: RestServer) -> None:
    ana = await deleted(rest)
    assert (await rest.ask("POST", EXPORT, token=ana["access_token"])).status == 202
    await rest.work()
    view = (await rest.ask("GET", EXPORT, token=ana["access_token"])).body
    assert (await rest.open(view["url"]))[0] == 200
    await erase(rest, ana["user"]["id"])
    assert (await rest.open(view["url"]))[0] == 404


async def test_then_nothing_is_left(rest: RestServer) -> None:
    """By the registry; others read that somebody was there. Address and name are free again."""
    person = new_person(display_name="Ana")
    ana, ben = await rest.sign_up(**person), await rest.sign_up()
    user_id = ana["user"]["id"]
    await a_life(rest, ana, ben["user"]["id"])
    await rest.world.pool.execute(
        "UPDATE safety.cases SET state = 'decided', action = 'dismiss',"
        " decided_by = $1, decided_at = now() WHERE user_id = $2",
        user_id,
        ben["user"]["id"],
    )
    await rest.world.pool.execute(
        "UPDATE interaction.reports SET evidence = NULL, evidence_key_id = NULL WHERE reporter_id = $1",
        user_id,
    )
    await rest.world.pool.execute(
        "UPDATE safety.appeals SET state = 'refused', decided_at = now()"
        " WHERE strike_id IN (SELECT id FROM safety.strikes WHERE user_id = $1)",
        user_id,
    )
    assert len(before := await left(rest, user_id)) > 10
    assert "interaction.call_timelines" in before
    habits = {who: f"queue:{{{Settings().region}}}:habit:{who}" for who in (user_id, ben["user"]["id"])}
    for habit in habits.values():
        await rest.redis.set(habit, "3 2 1000 3 1")
    assert (await delete(rest, ana)).status == 202
    await rest.own_data.erasures.erase(Erase(user_id=user_id))
    assert len(await left(rest, user_id)) > 10, "it was not time"
    assert await rest.redis.exists(*habits.values()) == 2
    await erase(rest, user_id)
    assert await left(rest, user_id) == []
    assert [await rest.redis.exists(habit) for habit in habits.values()] == [0, 1]
    row = await rest.world.pool.fetchrow(
        "SELECT e.done_at, u.deleted_at, u.email, p.display_name FROM identity.erasures e"
        " JOIN identity.users u ON u.id = e.user_id JOIN identity.profiles p ON p.user_id = u.id"
        " WHERE u.id = $1",
        user_id,
    )
    assert row["done_at"] and row["deleted_at"]  # noqa: PT018
    assert (row["email"], row["display_name"]) == (None, "Deleted account")
    rooms = (await rest.ask("GET", "/v1/rooms", token=ben["access_token"])).body["items"]
    calls = (await rest.ask("GET", "/v1/me/calls", token=ben["access_token"])).body["items"]
    assert "Ana" not in str((rooms, calls))
    assert "Deleted account" in str(calls)
    assert [call["origin"] for call in calls].count("direct") == 1
    assert f"by {user_id}" not in str(
        (await rest.ask("GET", f"/v1/rooms/{rooms[0]['id']}/messages", token=ben["access_token"])).body
    )
    assert (await rest.login(person["email"])).code == "unauthenticated"
    assert (await rest.ask("POST", "/v1/auth/register", json=person)).status == 201


async def test_a_job_that_was_cut_off_goes_on(rest: RestServer) -> None:
    """After any table; whatever was done is passed over. Two at once do no harm."""
    ana, ben = await rest.sign_up(), await rest.sign_up()
    user_id = ana["user"]["id"]
    await a_life(rest, ana, ben["user"]["id"])
    assert (await delete(rest, ana)).status == 202
    data = PersonalData(rest.world.pool)
    now = rest.clock()
    await rest.world.pool.execute(
        "UPDATE identity.erasures SET erases_at = now() - interval '1 s', begun_at = now()"
        " WHERE user_id = $1",
        user_id,
    )
    for table in TABLES[:7]:
        await data.erase(table, user_id, now)
    await asyncio.gather(*(rest.own_data.erasures.erase(Erase(user_id=user_id)) for _ in range(2)))
    waits = {"interaction.reports", "safety.appeals"}
    assert set(await left(rest, user_id)) <= waits


async def test_of_coming_back_and_erasing_at_the_last_second_one_is_first(rest: RestServer) -> None:
    """Either the account stands as it was, or it is gone; and whoever came too late is told."""
    for _ in range(6):
        ana = await deleted(rest)
        answer, _ = await asyncio.gather(restore(rest, ana), erase(rest, ana["user"]["id"]))
        again = await rest.login(ana["user"]["email"])
        if answer.status == 204:
            assert again.status == 200, again.body
            assert (await me(rest, ana)).body["email"] == ana["user"]["email"]
        else:
            assert answer.code in {"gone", "unauthenticated"}
            assert again.code == "unauthenticated"


async def test_who_comes_too_late_is_told(rest: RestServer) -> None:
    """Their session was checked just before erasing began."""
    ana = await deleted(rest)
    await rest.world.pool.execute(
        "UPDATE identity.erasures SET begun_at = now() WHERE user_id = $1", ana["user"]["id"]
    )
    assert (await restore(rest, ana)).code == "gone"


async def test_what_a_moderator_has_to_decide_waits(rest: RestServer) -> None:
    """Photos of the one who is reported are there until the case is over, evidence as long as it says."""
    ana, ben = await rest.sign_up(), await rest.sign_up()
    user_id = ana["user"]["id"]
    photo = await rest.ask(
        "POST", "/v1/media", token=ana["access_token"], data=form(encoded(drawn()), purpose="photo")
    )
    call = await rest.world.talked((user_id, ben["user"]["id"]))
    report = await rest.world.report(call, ben["user"]["id"], user_id)
    assert (await delete(rest, ana)).status == 202
    await erase(rest, user_id)
    assert await left(rest, user_id) == ["social.media", "safety.known_marks"]
    stays = "SELECT evidence IS NOT NULL FROM interaction.reports WHERE id = $1"
    assert await rest.world.pool.fetchval(stays, report)
    await rest.world.pool.execute(
        "UPDATE safety.cases SET state = 'decided', action = 'dismiss', decided_by = $2, decided_at = now()"
        " WHERE user_id = $1",
        user_id,
        ben["user"]["id"],
    )
    await rest.own_data.erasures.erase(Erase(user_id=user_id))
    assert await left(rest, user_id) == []
    expired = "SELECT expires_at <= now() FROM social.media WHERE id = $1"
    assert await rest.world.pool.fetchval(expired, photo.body["id"])


@pytest.mark.parametrize("banned", [True, False])
async def test_marks_of_who_was_banned_outlive_the_account(rest: RestServer, banned: bool) -> None:
    """So that the same mailbox opens no other account; of all others no mark is left."""
    person = new_person()
    ana = await rest.sign_up(**person)
    user_id = ana["user"]["id"]
    assert (await delete(rest, ana)).status == 202
    await seen(rest, user_id)
    if banned:
        await rest.world.ban(user_id)
    await erase(rest, user_id)
    marks = await rest.world.pool.fetchval(
        "SELECT count(*) FROM safety.known_marks WHERE user_id = $1 AND kind = 'email'", user_id
    )
    assert bool(marks) is banned
    again = await rest.ask("POST", "/v1/auth/register", json=person | {"username": f"u{new_id()[-12:]}"})
    assert again.status == (409 if banned else 201), again.body


async def test_each_is_erased_when_its_time_has_come(rest: RestServer) -> None:
    """By the schedule, whichever of two nodes looks; nobody else is."""
    ana, ben, cem = await deleted(rest), await deleted(rest), await rest.sign_up()
    await rest.world.pool.execute(
        "UPDATE identity.erasures SET erases_at = now() - interval '1 s' WHERE user_id = $1",
        ana["user"]["id"],
    )
    await asyncio.gather(*(rest.own_data.erasures.due(EraseDue()) for _ in range(2)))
    await rest.work()
    assert (await rest.login(ana["user"]["email"])).code == "unauthenticated"
    assert (await rest.login(ben["user"]["email"])).body["restricted"] == "erasing"
    assert (await me(rest, cem)).status == 200


async def test_what_it_had_agreed_to_is_kept_for_some_years(rest: RestServer) -> None:
    """And then forgotten, with the note that there was an erasure."""
    ana = await deleted(rest)
    await erase(rest, ana["user"]["id"])
    count = "SELECT count(*) FROM identity.consents WHERE user_id = $1"
    assert await rest.world.pool.fetchval(count, ana["user"]["id"]) == 2
    await rest.world.pool.execute(
        "UPDATE identity.erasures SET done_at = now() - interval '1096 days' WHERE user_id = $1",
        ana["user"]["id"],
    )
    days_ago = rest.clock() - 1095 * DAY_MS
    await ErasureStore(rest.world.pool).forget(days_ago, limit=500)
    assert await rest.world.pool.fetchval(count, ana["user"]["id"]) == 0


async def test_an_account_that_is_banned_meanwhile_stays_banned(rest: RestServer) -> None:
    """It signs in as any that is banned, and what it got for that serves to come back too."""
    ana = await deleted(rest)
    await rest.world.ban(ana["user"]["id"])
    refused = await rest.login(ana["user"]["email"])
    token = {"access_token": refused.body["details"]["token"]}
    assert (await restore(rest, token)).status == 204
    assert (await rest.login(ana["user"]["email"])).code == "banned"
