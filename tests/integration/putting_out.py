"""How somebody is banned, suspended or erased: the ways to be out for good."""

from typing import Any, Literal

from core.clock import now_ms, rfc3339
from tests.integration.person import Person
from tests.stores.world import World

DAY_MS = 86_400_000
Out = Literal["banned", "suspended", "deleted"]


async def put_out(how: Out, person: Person, moderator: Person, world: World) -> None:
    """By this moderator; nobody decides about an erasure."""
    if how == "deleted":
        await world.erase(person.id)
        return
    order: dict[str, Any] = {"user_id": person.id, "reason": "spam"}
    if how == "suspended":
        order["until"] = rfc3339(now_ms() + DAY_MS)
    status, body = await moderator.rest("POST", "/v1/admin/bans", json=order)
    assert status == 201, body


def told(how: Out) -> str:
    """What the devices of such a person hear as they are closed."""
    return "signed_out" if how == "deleted" else "banned"


def refused(how: Out) -> str:
    """What such a person is answered."""
    return "unauthenticated" if how == "deleted" else "banned"
