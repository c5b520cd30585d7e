"""How each command is sent, by somebody, about something of the owner's.

A call is its own for each command: made up to where the command would be taken. Whoever is blocked, or has
blocked the owner, was in such a call until then.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct

from tests.integration.authorisation.people import Caller, Scene
from tests.integration.conftest import Meeting

Payload = Mapping[str, Any]
Way = Callable[[Scene, Caller], Awaitable[Payload]]


class InCall(Struct, frozen=True):
    """Sent about a call that is `offered`, `started`, `live` or `hung_up`, by her who was offered first."""

    stage: str
    more: Payload = {}

    async def reach(self, meeting: Meeting) -> None:
        """Bring an offer there."""
        if self.stage == "started":
            await meeting.start()
        elif self.stage == "live":
            await meeting.go_live()
        elif self.stage == "hung_up":
            await meeting.hang_up()


def _sends(**payload: Any) -> Way:
    async def way(_scene: Scene, _caller: Caller) -> Payload:
        return payload

    return way


def _in_room(**payload: Any) -> Way:
    async def way(_scene: Scene, caller: Caller) -> Payload:
        return {"room_id": caller.encounter.room_id, **payload}

    return way


async def _end_connection(scene: Scene, caller: Caller) -> Payload:
    """The owner ends a new one: the others are asked for later."""
    if caller.role == "owner":
        users = scene.owner.id, await scene.world.person()
        return {"connection_id": (await scene.world.connected(users)).id}
    return {"connection_id": caller.encounter.connection_id}


async def _refresh(_scene: Scene, caller: Caller) -> Payload:
    return {"token": caller.token}


async def _watch(scene: Scene, caller: Caller) -> Payload:
    """The owner, who watches the peer."""
    return {"user_ids": [scene.people["peer"].id if caller.role == "owner" else scene.owner.id]}


IN_CALLS: dict[str, InCall] = {
    "call:accept": InCall("offered"),
    "call:decline": InCall("offered"),
    "call:signal": InCall("started", {"epoch": 1, "candidate": None}),
    "call:connected": InCall("started", {"epoch": 1}),
    "call:restart": InCall("live", {"epoch": 1}),
    "call:media": InCall("live", {"audio": True, "video": False}),
    "call:end": InCall("live"),
    "call:skip": InCall("live"),
    "call:report": InCall("live", {"reason": "spam"}),
    "decision:submit": InCall("hung_up", {"connect": True}),
}

# Who is not in the queue when all is done has left no trace for the calls that come later.
WAYS: dict[str, Way] = {
    "queue:join": _sends(mode="voice", preferences={"genders": ["other"]}),
    "queue:leave": _sends(),
    "queue:explain": _sends(),
    "connection:end": _end_connection,
    "chat:send": _in_room(client_id="1", content="Hello."),
    "chat:history": _in_room(),
    "chat:read": _in_room(seq=1),
    "chat:typing": _in_room(typing=True),
    "session:refresh": _refresh,
    "presence:set": _sends(status="online"),
    "presence:watch": _watch,
}
