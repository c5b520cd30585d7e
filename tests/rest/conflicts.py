"""What does not fit the present state, by endpoint: for `test_every_error.py`."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from core.clock import now_ms
from core.ids import new_id
from core.wire.endpoint import Endpoint
from tests.rest.conftest import SETTINGS
from tests.rest.server import Answer, RestServer


class Someone(Protocol):
    """As `test_every_error.py` has it."""

    rest: RestServer
    signed_in: Any

    @property
    def user_id(self) -> str: ...

    async def ask(self, endpoint: Endpoint, **what: Any) -> Answer: ...


Provoke = Callable[[Someone, Endpoint], Awaitable[Answer]]


async def _asked_often(someone: Someone, endpoint: Endpoint) -> Answer:
    """One who has refused too often."""
    world, other = someone.rest.world, await someone.rest.world.person("Cleo")
    for _ in range(3):
        await world.friends.refuse(await world.asked(someone.user_id, other), other, now_ms())
    return await someone.ask(endpoint, json={"user_id": other})


async def _befriended(someone: Someone, endpoint: Endpoint) -> Answer:
    """One who is a friend by now."""
    world, other = someone.rest.world, await someone.rest.world.person("Cleo")
    request_id = await world.asked(other, someone.user_id)
    await world.friends.accept(request_id, someone.user_id, now_ms())
    return await someone.ask(endpoint, path=endpoint.path.replace("{id}", request_id))


async def _no_such_code(someone: Someone, endpoint: Endpoint) -> Answer:
    return await someone.ask(endpoint, json={"code": "000000"})


async def _only_login(someone: Someone, endpoint: Endpoint) -> Answer:
    """That of the password."""
    return await someone.ask(endpoint, path=f"/v1/me/logins/{someone.user_id}")


async def _address_of_another(someone: Someone, endpoint: Endpoint) -> Answer:
    return await someone.ask(endpoint, json={"email": (await someone.rest.sign_up())["user"]["email"]})


async def _name_of_another(someone: Someone, endpoint: Endpoint) -> Answer:
    return await someone.ask(endpoint, json={"username": (await someone.rest.sign_up())["user"]["username"]})


async def _address_taken_meanwhile(someone: Someone, endpoint: Endpoint) -> Answer:
    """Since the link to it was sent."""
    someone.rest.clock.advance(s=SETTINGS.code_again_s)
    token, away = someone.signed_in["access_token"], f"{new_id()}@example.org"
    await someone.rest.ask("POST", "/v1/auth/email/change", token=token, json={"email": away})
    link = await someone.rest.link_to(away)
    await someone.rest.sign_up(email=away)
    return await someone.ask(endpoint, json={"token": link})


async def _not_removed(someone: Someone, endpoint: Endpoint) -> Answer:
    return await someone.ask(endpoint, path=f"/v1/admin/media/{await someone.rest.world.photo()}/undo")


CONFLICTS: dict[str, Provoke] = {
    "change_me": _name_of_another,
    "turn_on_totp": _no_such_code,
    "remove_login": _only_login,
    "change_email": _address_of_another,
    "verify_email": _address_taken_meanwhile,
    "ask_friend": _asked_often,
    "refuse_friend": _befriended,
    "undo_media": _not_removed,
}
