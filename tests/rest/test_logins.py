"""Several ways to one account: linked, shown, removed, and what two do at once."""

import asyncio
from typing import Any

from core.ids import new_id
from core.keys import Keyring
from db.postgres.logins import LoginStore
from services.logins import Logins, Proven
from services.marks import Marker
from tests.rest.conftest import SETTINGS
from tests.rest.phones import Phone, a_profile
from tests.rest.server import PASSWORD, Answer, RestServer

LOGINS = "/v1/me/logins"


async def logins(rest: RestServer, token: str) -> list[Any]:
    answer = await rest.ask("GET", LOGINS, token=token)
    assert (answer.status, answer.body["next_cursor"]) == (200, None)
    items: list[Any] = answer.body["items"]
    return items


async def remove(rest: RestServer, token: str, login_id: str, **body: Any) -> Answer:
    return await rest.ask("DELETE", f"{LOGINS}/{login_id}", token=token, json=body)


def asks_for_the_password(answer: Answer) -> bool:
    return (answer.code, answer.body.get("details")) == ("unauthenticated", {"factor": "password"})


async def test_a_password_is_a_login(rest: RestServer) -> None:
    """By which one knows it again is the address; it is the last one, and stays."""
    ana = await rest.sign_up()
    [login] = await logins(rest, ana["access_token"])
    assert login.keys() == {"id", "provider", "hint", "created_at"}
    assert (login["provider"], login["hint"]) == ("password", ana["user"]["email"])
    assert (await remove(rest, ana["access_token"], login["id"])).code == "conflict"
    assert (await remove(rest, ana["access_token"], new_id())).code == "not_found"
    assert (await rest.login(ana["user"]["email"])).status == 200


async def test_a_phone_is_linked_and_the_password_removed(rest: RestServer) -> None:
    ana, phone = await rest.sign_up(), Phone(rest)
    token = ana["access_token"]
    linked = await phone.show(await phone.code(), token=token)
    assert (linked.status, linked.body["provider"]) == (200, "phone")
    password, second = await logins(rest, token)
    assert second == linked.body
    rest.clock.advance(s=30)
    assert (await phone.show(await phone.code())).body["user"]["id"] == ana["user"]["id"]
    assert (await remove(rest, token, password["id"])).status == 204
    assert (await rest.login(ana["user"]["email"])).code == "unauthenticated"
    assert [login["provider"] for login in await logins(rest, token)] == ["phone"]
    assert (await remove(rest, token, second["id"])).code == "conflict"


async def test_a_number_is_of_one_account(rest: RestServer) -> None:
    """To whom it belongs already stays so; linking what is one's own again changes nothing."""
    phone = Phone(rest)
    owner = await phone.sign_up()
    ben = await rest.sign_up()
    rest.clock.advance(s=30)
    refused = await phone.show(await phone.code(), token=ben["access_token"])
    assert refused.code == "conflict"
    rest.clock.advance(s=30)
    again = await phone.show(await phone.code(), token=owner["access_token"])
    assert [again.body] == await logins(rest, owner["access_token"])


async def test_two_accounts_link_one_number_at_once(rest: RestServer) -> None:
    """A code serves one of them; and of two that were proven apart, the second finds it taken."""
    people = [await rest.sign_up() for _ in range(4)]
    phone = Phone(rest)
    code = await phone.code()
    answers = await asyncio.gather(*(phone.show(code, token=ana["access_token"]) for ana in people))
    assert sorted(answer.status for answer in answers) == [200, 401, 401, 401]
    ways = _ways(rest)
    proven = Proven(provider="google", subject=new_id(), hint=None)
    stores = LoginStore(rest.world.pool)
    linked = await asyncio.gather(
        *(stores.link(ana["user"]["id"], ways.new(proven, rest.clock()), rest.clock()) for ana in people),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in linked) == ["Conflict"] * 3 + ["LoginView"]


async def test_two_who_remove_the_last_two_at_once_keep_one(rest: RestServer) -> None:
    ana, phone = await rest.sign_up(), Phone(rest)
    token = ana["access_token"]
    await phone.show(await phone.code(), token=token)
    ids = [login["id"] for login in await logins(rest, token)]
    answers = await asyncio.gather(*(remove(rest, token, login_id) for login_id in ids))
    assert sorted(answer.status for answer in answers) == [204, 409]
    assert len(await logins(rest, token)) == 1


async def test_a_stolen_token_neither_adds_nor_removes_a_way_in(rest: RestServer) -> None:
    """Who has not signed in just now proves by the password that the account is theirs."""
    ana, phone = await rest.sign_up(), Phone(rest)
    await phone.show(await phone.code(), token=ana["access_token"])
    rest.clock.advance(s=SETTINGS.fresh_sign_in_m * 60)
    token = (await rest.refresh(ana["refresh_token"])).body["access_token"]
    other = Phone(rest)
    code = await other.code()
    for wrong in ({}, {"password": "wrong password"}):
        assert asks_for_the_password(await other.show(code, token=token, **wrong))
    assert (await other.show(code, token=token, password=PASSWORD)).body["provider"] == "phone"
    _, second, _ = await logins(rest, token)
    for wrong in ({}, {"password": "wrong password"}):
        assert asks_for_the_password(await remove(rest, token, second["id"], **wrong))
    assert (await remove(rest, token, second["id"], password=PASSWORD)).status == 204


async def test_a_login_outlives_a_change_of_the_secret(rest: RestServer) -> None:
    """It is found by the previous secret, and stored anew by the one in force."""
    ana, now = await rest.sign_up(), rest.clock()
    old, new = "an old secret, 32 letters or more", "a new secret, 32 letters or more"
    proven = Proven(provider="apple", subject=new_id(), hint=None)
    before, during, after = (_ways(rest, *names) for names in ((old,), (new, old), (new,)))
    await LoginStore(rest.world.pool).link(ana["user"]["id"], before.new(proven, now), now)
    assert await after.find(proven, now) is None
    found = await during.find(proven, now)
    assert found
    assert found.user_id == ana["user"]["id"]
    assert await after.find(proven, now)
    assert await before.find(proven, now) is None


async def test_an_erased_account_leaves_its_logins(rest: RestServer) -> None:
    """The number may open another one."""
    phone = Phone(rest)
    user_id = (await phone.sign_up())["user"]["id"]
    await rest.world.pool.execute(
        "UPDATE identity.users SET username = NULL, deleted_at = now() WHERE id = $1", user_id
    )
    rest.clock.advance(s=30)
    assert (await phone.show(await phone.code(), profile=a_profile())).status == 201


def _ways(rest: RestServer, *secrets: str) -> Logins:
    keyring = Keyring(*(secrets or (SETTINGS.secret,)))
    marker = Marker(keyring.keys("marks of accounts"))
    return Logins(LoginStore(rest.world.pool), keyring, marker, None)  # type: ignore[arg-type]  # asks for none
