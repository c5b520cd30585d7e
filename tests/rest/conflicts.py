"""What does not fit the present state, by endpoint: for `test_every_error.py`."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from core.clock import now_ms
from core.ids import new_id
from core.wire.endpoint import Endpoint
from tests.rest.conftest import SETTINGS
from tests.rest.grouping import invited_enough, one_too_many, own_role
from tests.rest.redeeming import badge, place_of_another
from tests.rest.server import Answer, RestServer
from tests.stores.mentoring import a_mentor, ways_to_mentors
from tests.stores.places import a_place
from tests.stores.posting import posted


class Someone(Protocol):
    """As `test_every_error.py` has it."""

    rest: RestServer
    signed_in: Any

    @property
    def user_id(self) -> str: ...

    async def own_path(self, endpoint: Endpoint, *, of: str | None = None) -> str | None: ...

    def body(self, endpoint: Endpoint) -> Any: ...

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


async def _in_a_post(someone: Someone, endpoint: Endpoint) -> Answer:
    """A picture that is in another one already."""
    one, other = [await posted(someone.rest.world, someone.user_id) for _ in range(2)]
    query = "SELECT media_ids FROM social.posts WHERE id = $1"
    media_ids = await someone.rest.world.pool.fetchval(query, other.id)
    if endpoint.name == "delete_media":
        return await someone.ask(endpoint, path=f"/v1/media/{media_ids[0]}")
    path = endpoint.path.replace("{id}", one.id)
    return await someone.ask(endpoint, path=path, json={"media_ids": media_ids})


async def _reviewed(someone: Someone, endpoint: Endpoint) -> Answer:
    """A place that they have reviewed before."""
    path = endpoint.path.replace("{id}", await a_place(someone.rest.world.pool))
    assert (await someone.ask(endpoint, path=path)).status == 201
    return await someone.ask(endpoint, path=path)


async def _twice(someone: Someone, endpoint: Endpoint) -> Answer:
    """Who is a mentor already; a slot that one has booked."""
    body = someone.body(endpoint)
    assert (await someone.ask(endpoint, json=body)).status == 201
    return await someone.ask(endpoint, json=body)


async def _not_begun(someone: Someone, endpoint: Endpoint) -> Answer:
    session_id = await ways_to_mentors(someone.rest.world, someone.user_id)[endpoint.name]()
    path = endpoint.path.replace("{id}", session_id)
    return await someone.ask(endpoint, path=path, json={"status": "no-show"})


async def _no_session(someone: Someone, endpoint: Endpoint) -> Answer:
    """A mentor with whom they had none."""
    mentor = await a_mentor(someone.rest.world.pool, await someone.rest.world.person("Mia"))
    return await someone.ask(endpoint, path=endpoint.path.replace("{id}", mentor))


CONFLICTS: dict[str, Provoke] = {
    "reward_code": badge,
    "redeem_reward": badge,
    "create_partner": place_of_another,
    "change_partner": place_of_another,
    "change_me": _name_of_another,
    "turn_on_totp": _no_such_code,
    "remove_login": _only_login,
    "change_email": _address_of_another,
    "verify_email": _address_taken_meanwhile,
    "ask_friend": _asked_often,
    "create_group": one_too_many,
    "join_group": one_too_many,
    "put_member": own_role,
    "invite": invited_enough,
    "refuse_friend": _befriended,
    "undo_media": _not_removed,
    "add_post": _in_a_post,
    "change_post": _in_a_post,
    "delete_media": _in_a_post,
    "review": _reviewed,
    "create_mentor": _twice,
    "book_session": _twice,
    "change_session": _not_begun,
    "review_mentor": _no_session,
}
