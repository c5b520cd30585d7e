"""What does not fit the present state of a group: for `test_every_error.py`."""

from typing import Any, Protocol

from core.wire.endpoint import Endpoint
from tests.rest.server import Answer, RestServer, path_of
from tests.stores.grouping import Party, a_code, too_many


def filled(endpoint: Endpoint, id_: str) -> str:
    """The path with this id, and any others."""
    return path_of(endpoint.path.replace("{id}", id_))


class Guest(Protocol):
    """Who asks."""

    rest: RestServer

    async def ask(self, endpoint: Endpoint, **what: Any) -> Answer: ...


class Asker(Guest, Protocol):
    """Who asks for what is theirs."""

    @property
    def user_id(self) -> str: ...

    async def own_path(self, endpoint: Endpoint, *, of: str | None = None) -> str | None: ...


async def one_too_many(someone: Asker, endpoint: Endpoint) -> Answer:
    """For one who is in as many groups as anybody."""
    await too_many(someone.rest.world, someone.user_id)
    return await someone.ask(endpoint)


async def own_role(someone: Asker, endpoint: Endpoint) -> Answer:
    """An owner who would be none."""
    group = await Party(someone.rest.world).of(someone.user_id)
    path = f"/v1/groups/{group.id}/members/{someone.user_id}"
    return await someone.ask(endpoint, path=path, json={"role": "member"})


async def invited_enough(someone: Asker, endpoint: Endpoint) -> Answer:
    """Fifty invitations stand."""
    path = await someone.own_path(endpoint) or ""
    await someone.rest.world.pool.execute(
        "INSERT INTO communication.invitations (id, group_id, made_by, expires_at, created_at)"
        " SELECT gen_random_uuid(), $1, $2, now() + interval '1 day', now() FROM generate_series(1, 50)",
        path.split("/")[3],
        someone.user_id,
    )
    return await someone.ask(endpoint, path=path)


async def lapsed(someone: Guest, endpoint: Endpoint) -> Answer:
    """An invitation of long ago."""
    key = someone.rest.keyring.keys("invitation")[0]
    code = await a_code(someone.rest.world, key, expires_at=1)
    return await someone.ask(endpoint, json={"code": code})
