"""Who may not, for `test_every_error.py`: staff who decide about themselves, and people who leave."""

from typing import Any, Protocol

from core.errors import Forbidden
from core.wire.endpoint import Endpoint
from tests.rest.server import Answer, RestServer


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
    """One's own appeal; oneself; the ban of somebody above oneself. All else, of who awaits erasure."""
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
    return await someone.ask(endpoint, path=await someone.own_path(endpoint, of=someone.user_id))
