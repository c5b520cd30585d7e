"""Who may not, for `test_every_error.py`: staff who decide about themselves, and people who leave."""

from typing import Any, Protocol

from core.clock import now_ms
from core.errors import Forbidden
from core.wire.endpoint import Endpoint
from tests.rest.server import Answer, RestServer
from tests.stores.places import a_check_in
from tests.stores.rewarding import a_scan


class Asker(Protocol):
    """Who asks: an admin."""

    rest: RestServer

    @property
    def user_id(self) -> str:
        """Theirs."""

    async def own_path(self, endpoint: Endpoint, *, of: str | None = None) -> str | None:
        """Of something that is there."""

    async def ask(self, endpoint: Endpoint, **what: Any) -> Answer:
        """The good request, but for what is given."""


async def of_the_deleted(someone: Asker, endpoint: Endpoint, *, begun: bool = False) -> Answer:
    """What it answers whose account awaits erasure, or that has begun, with the session from before."""
    await someone.rest.world.pool.execute(
        "INSERT INTO identity.erasures (user_id, asked_at, erases_at, begun_at)"
        " VALUES ($1, now(), now(), CASE WHEN $2 THEN now() END)",
        someone.user_id,
        begun,
    )
    return await someone.ask(endpoint)


async def forbidden(someone: Asker, endpoint: Endpoint) -> Answer:
    """One's own appeal, or reward; oneself; the ban of somebody above oneself; what others posted. All else,
    of who awaits erasure."""
    if Forbidden not in endpoint.errors:
        return await of_the_deleted(someone, endpoint)
    if endpoint.name == "correct_user":
        return await someone.ask(endpoint, path=f"/v1/admin/users/{someone.user_id}")
    if endpoint.name == "unban":
        world, chief = someone.rest.world, await someone.rest.world.person("Chief")
        await world.set_role(chief, "admin")
        await world.set_role(someone.user_id, "moderator")
        return await someone.ask(endpoint, path=endpoint.path.replace("{id}", await world.ban(chief)))
    if endpoint.name == "ban":
        return await someone.ask(endpoint, json={"user_id": someone.user_id, "reason": "spam"})
    if endpoint.name == "redeem_reward":
        own = await a_scan(someone.rest.world, someone.user_id, of=someone.user_id)
        return await someone.ask(endpoint, json=own)
    of = await someone.rest.world.person("Cleo") if endpoint.area == "posts" else someone.user_id
    return await someone.ask(endpoint, path=await someone.own_path(endpoint, of=of))


async def gone(someone: Asker, endpoint: Endpoint) -> Answer:
    """A strike that was lifted by the time; a call of too long ago."""
    if endpoint.name == "report":
        pair = someone.user_id, await someone.rest.world.person("Ben")
        call = await someone.rest.world.talked(pair, now=now_ms() - 25 * 3_600_000)
        return await someone.ask(endpoint, json={"subject": {"type": "call", "id": call}, "reason": "spam"})
    if endpoint.name == "restore_me":
        return await of_the_deleted(someone, endpoint, begun=True)
    if endpoint.name == "flag_check_in":
        long_ago = now_ms() - 8 * 86_400_000
        check_in_id = await a_check_in(someone.rest.world.pool, someone.user_id, at=long_ago)
        return await someone.ask(endpoint, path=endpoint.path.replace("{id}", check_in_id))
    path = await someone.own_path(endpoint)
    await someone.rest.world.pool.execute("UPDATE safety.strikes SET lifted_at = now()")
    await someone.rest.world.pool.execute("UPDATE identity.bans SET lifted_at = now()")
    return await someone.ask(endpoint, path=path)
