"""How each command is sent, by somebody, about something of the owner's.

A call is its own for each command: made up to where the command would be taken. Whoever is blocked, or has
blocked the owner, was in such a call until then.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct

from core.ids import new_id
from tests.integration.authorisation.mentoring import call_in_session
from tests.integration.authorisation.people import Caller, Scene
from tests.integration.conftest import Meeting
from tests.stores.posting import posted

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


async def _invite(_scene: Scene, caller: Caller) -> Payload:
    return {"connection_id": caller.encounter.connection_id, "mode": "voice"}


async def _ask_for_video(_scene: Scene, caller: Caller) -> Payload:
    return {"connection_id": caller.encounter.connection_id}


async def _answer_about_video(scene: Scene, caller: Caller) -> Payload:
    """What the other has asked the caller; strangers know of what the owner was asked."""
    request_id, connection_id = new_id(), caller.encounter.connection_id
    alone = caller.role in {"owner", "stranger", "moderator", "admin"}
    requester, approver = (scene.people["peer"].id, scene.owner.id) if alone else (scene.owner.id, caller.id)
    await scene.world.pool.execute(
        "UPDATE interaction.video_requests SET status = 'expired'"
        " WHERE connection_id = $1 AND status = 'pending'",
        connection_id,
    )
    await scene.world.pool.execute(
        "INSERT INTO interaction.video_requests (id, connection_id, requester_id, approver_id, requested_at,"
        " expires_at) VALUES ($1, $2, $3, $4, now(), now() + interval '1 day')",
        request_id,
        connection_id,
        requester,
        approver,
    )
    return {"request_id": request_id, "approve": False}


async def _about_a_message(scene: Scene, caller: Caller) -> Payload:
    """One that the owner has sent, in a room that may have ended since."""
    message_id, room_id = new_id(), caller.encounter.room_id
    await scene.world.pool.execute(
        "WITH room AS ("
        "UPDATE communication.rooms SET last_seq = last_seq + 1 WHERE id = $2 RETURNING last_seq"
        ") INSERT INTO communication.messages"
        " (id, room_id, seq, sender_id, client_id, type, content, created_at)"
        " SELECT $1, $2, last_seq, $3, $1::uuid::text, 'text', 'Hello.', now() FROM room",
        message_id,
        room_id,
        scene.owner.id,
    )
    return {"message_id": message_id}


async def _edit(scene: Scene, caller: Caller) -> Payload:
    return {**await _about_a_message(scene, caller), "content": "Hello!"}


async def _refresh(_scene: Scene, caller: Caller) -> Payload:
    return {"token": caller.token}


async def _watch(scene: Scene, caller: Caller) -> Payload:
    """The owner, who watches the peer."""
    return {"user_ids": [scene.people["peer"].id if caller.role == "owner" else scene.owner.id]}


async def _watch_post(scene: Scene, _caller: Caller) -> Payload:
    """One of the owner's, for everyone."""
    return {"post_ids": [(await posted(scene.world, scene.owner.id, visibility="everyone")).id]}


IN_CALLS: dict[str, InCall] = {
    "call:accept": InCall("offered"),
    "call:decline": InCall("offered"),
    "call:signal": InCall("started", {"epoch": 1, "candidate": None}),
    "call:connected": InCall("started", {"epoch": 1}),
    "call:restart": InCall("live", {"epoch": 1}),
    "call:media": InCall("live", {"audio": True, "video": False}),
    "call:quality": InCall("live", {"epoch": 1, "rtt_ms": 20}),
    "call:extend": InCall("live"),
    "call:direct": InCall("live", {"epoch": 1, "agree": True}),  # no call is on relays here
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
    "call:echo": _sends(mode="voice"),
    "call:invite": _invite,
    "call:invite: in a session": call_in_session,
    "connection:end": _end_connection,
    "video:request": _ask_for_video,
    "video:respond": _answer_about_video,
    "chat:send": _in_room(client_id="1", content="Hello."),
    "chat:edit": _edit,
    "chat:delete": _about_a_message,
    "chat:history": _in_room(),
    "chat:read": _in_room(seq=1),
    "chat:delivered": _in_room(seq=1),
    "chat:typing": _in_room(typing=True),
    "session:refresh": _refresh,
    "presence:set": _sends(status="online"),
    "presence:watch": _watch,
    "post:watch": _watch_post,
}
