"""Each surface on which two people have something of each other: how they stand before, and what each of the
two tries on it afterwards. What one tries is answered in one word.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct

from core.clock import rfc3339
from tests.integration.parting.pair import Pair
from tests.integration.person import ClientDevice, Person, Refused
from tests.rest.pictures import drawn, encoded, form
from tests.stores.mentoring import next_hour, slot

Try = Callable[[Pair, Person], Awaitable[str]]
Payload = Callable[[Pair], Mapping[str, Any]]
_PICTURE = encoded(drawn())
_CANDIDATE = {
    "candidate": "candidate:1 1 udp 2122260223 192.0.2.7 50001 typ host",
    "sdpMid": "0",
    "sdpMLineIndex": 0,
}


class Surface(Struct, frozen=True):
    """`stage`: `waiting` (he alone), `offered`, `started`, `live`, `hung_up`, `befriended`, `posted`,
    `mentored`.
    """

    stage: str
    tried: Try


def _says(name: str, payload: Payload) -> Try:
    """A command, if there still is a connection; else what it heard at its end."""

    async def tried(pair: Pair, person: Person) -> str:
        device = pair.device_of(person)
        if device.closed.is_set():
            return pair.his_code
        answer = await device.send_raw(name, payload(pair))
        if not answer["ok"]:
            return str(answer["error"]["code"])
        if (posts := answer["data"].get("posts")) is not None:
            return str(len(posts))
        shown = answer["data"].get("presences")
        return "ok" if shown is None else "".join(presence["status"] for presence in shown) or "nobody"

    return tried


_seen_of_each = _says("presence:watch", lambda pair: {"user_ids": [pair.she.id, pair.he.id]})


async def _watches(pair: Pair, person: Person) -> str:
    """How the other is seen. Who was put out may be there for a moment longer: whoever watches is told."""
    seen = await _seen_of_each(pair, person)
    if seen == "online" and pair.his_code:
        told = await pair.device_of(person).next("presence:changed", user_id=pair.he.id, status="offline")
        return str(told["status"])
    return seen


def _in_call(name: str, **more: Any) -> Try:
    return _says(name, lambda pair: {"call_id": pair.call_id, **more})


def _in_room(name: str, **more: Any) -> Try:
    return _says(name, lambda pair: {"room_id": pair.room_id, **more})


def _asks(method: str, path: str, sent: Callable[[Pair, Person], Mapping[str, Any]] = lambda *_: {}) -> Try:
    """A request with the token from before: the status, or the code."""

    async def tried(pair: Pair, person: Person) -> str:
        at = path.format(other=pair.other(person).id)
        status, body = await person.rest(method, at, **sent(pair, person))
        return str(status) if status < 400 else str(body["code"])

    return tried


def _lists(path: str) -> Try:
    """How the other one is shown in the only item: as a card or a name, and whether that goes on."""

    async def tried(_pair: Pair, person: Person) -> str:
        status, body = await person.rest("GET", path)
        if status >= 400:
            return str(body["code"])
        [item] = body["items"]
        shown = "card" if "bio" in item["peer"] else "name"
        return shown + {True: "+active", False: "+ended", None: ""}[item.get("active")]

    return tried


async def _meets(_pair: Pair, person: Person) -> str:
    """How the other one is shown in the only session, and whether it takes place."""
    status, body = await person.rest("GET", "/v1/mentor-sessions")
    if status >= 400:
        return str(body["code"])
    [session] = body["items"]
    [other] = [card for card in (session["user"], session["mentor"]) if card["user_id"] != person.id]
    return f"{'card' if 'bio' in other else 'name'}+{session['status']}"


async def _moves(pair: Pair, person: Person) -> str:
    """To another hour."""
    status, sessions = await person.rest("GET", "/v1/mentor-sessions")
    if status >= 400:
        return str(sessions["code"])
    [session] = sessions["items"]
    later = {"json": {"starts_at": rfc3339(next_hour(ahead_h=48))}}
    status, body = await person.rest("PATCH", f"/v1/mentor-sessions/{session['id']}", **later)
    return str(status) if status < 400 else str(body["code"])


async def _notified(pair: Pair, person: Person) -> str:
    """What is about the other: in the list, and in the number that a device starts with."""
    status, body = await person.rest("GET", "/v1/notifications?unread=true")
    if status >= 400:
        return str(body["code"])
    device = ClientDevice(pair.other(person).address, f"bell of {person.id}")
    unread = (await device.connect(token=person.token))["unread"]["notifications"]
    await device.leave()
    assert unread == len(body["items"])
    return "told" if body["items"] else "nothing"


def _is_told(name: str, field: str) -> Try:
    async def tried(pair: Pair, person: Person) -> str:
        told = await pair.device_of(person).next(name, call_id=pair.call_id)
        assert not {"decision", "connection"} & told.keys()  # nothing that might still lead to something
        return str(told[field])

    return tried


async def _reads(pair: Pair, person: Person) -> str:
    """Whose posts are found, and what is shown and counted of likes and comments of one's own."""
    status, feed = await person.rest("GET", "/v1/feed")
    if status >= 400:
        return str(feed["code"])
    own, theirs = pair.posts[person.id], pair.posts[pair.other(person).id]
    found = (await person.rest("GET", f"/v1/posts/{theirs}"))[0] == 200
    assert found == (theirs in [post["id"] for post in feed["items"]])
    [mine] = [post for post in feed["items"] if post["id"] == own]
    likes = (await person.rest("GET", f"/v1/posts/{own}/likes"))[1]["items"]
    said = (await person.rest("GET", f"/v1/posts/{own}/comments"))[1]["items"]
    counted = f"{len(likes)}of{mine['like_count']},{len(said)}of{mine['comment_count']}"
    return f"{'both' if found else 'own'}:{counted}"


async def _answers(pair: Pair, person: Person) -> str:
    """To what the other has posted."""
    path = f"/v1/posts/{pair.posts[pair.other(person).id]}"
    status, body = await person.rest("POST", f"{path}/comments", json={"content": "Hm"})
    liked, _ = await person.rest("PUT", f"{path}/like")
    assert (status < 400) == (liked < 400)
    return str(status) if status < 400 else str(body["code"])


async def _is_matched(pair: Pair, person: Person) -> str:
    """He waits; she comes. Whom the queue has for each."""
    device = pair.device_of(person)
    if device.closed.is_set():
        return pair.his_code
    await device.ask("queue:join", mode="voice")
    try:
        explained = await device.ask("queue:explain")
    except Refused:  # no longer in the queue
        return "offered"
    return "nobody" if explained["candidates"] == 0 else "somebody"


async def _connects(pair: Pair, person: Person) -> str:
    address = pair.other(person).address  # the other's node has to know as well
    device = ClientDevice(address, f"another of {person.id}")
    try:
        ready = await device.connect(token=person.token)
    except Refused as refused:
        return refused.code
    await device.leave()
    return "call" if ready["call"] or ready["pending_decisions"] else "ok"


def _refreshing(_pair: Pair, person: Person) -> Mapping[str, Any]:
    return {"json": {"refresh_token": person.refresh_token}}


def _booking(pair: Pair, _person: Person) -> Mapping[str, Any]:
    return {"json": slot(pair.mentor_id, 12)}


def _picture(_pair: Pair, _person: Person) -> Mapping[str, Any]:
    return {"data": form(_PICTURE)}


def _reporting(pair: Pair, person: Person) -> Mapping[str, Any]:
    subject = {"type": "user", "id": pair.other(person).id}
    return {"json": {"subject": subject, "reason": "spam", "block": False}}


SURFACES: dict[str, Surface] = {
    "queue:join": Surface("waiting", _is_matched),
    "call:offered": Surface("offered", _is_told("call:ended", "reason")),
    "call:accept": Surface("offered", _in_call("call:accept")),
    "call:signal": Surface("started", _in_call("call:signal", epoch=1, candidate=_CANDIDATE)),
    "call:connected": Surface("started", _in_call("call:connected", epoch=1)),
    "call:restart": Surface("live", _in_call("call:restart", epoch=1)),
    "call:media": Surface("live", _in_call("call:media", audio=True, video=False)),
    "call:report": Surface("live", _in_call("call:report", reason="harassment", block=False)),
    "call:ended": Surface("live", _is_told("call:ended", "reason")),
    "decision:result": Surface("hung_up", _is_told("decision:result", "outcome")),
    "decision:submit": Surface("hung_up", _in_call("decision:submit", connect=True)),
    "chat:send": Surface("befriended", _in_room("chat:send", client_id="1", content="Are you there?")),
    "chat:typing": Surface("befriended", _in_room("chat:typing", typing=True)),
    "chat:read": Surface("befriended", _in_room("chat:read", seq=2)),
    "chat:history": Surface("befriended", _in_room("chat:history")),
    "presence:watch": Surface("befriended", _watches),
    "presence:set": Surface("befriended", _says("presence:set", lambda _: {"status": "away"})),
    "connection:end": Surface(
        "befriended", _says("connection:end", lambda pair: {"connection_id": pair.connection_id})
    ),
    "GET /v1/profiles/{id}": Surface("befriended", _asks("GET", "/v1/profiles/{other}")),
    "GET /v1/connections": Surface("befriended", _lists("/v1/connections")),
    "GET /v1/me/calls": Surface("befriended", _lists("/v1/me/calls")),
    "GET /v1/rooms": Surface("befriended", _lists("/v1/rooms")),
    "GET /v1/notifications": Surface("befriended", _notified),
    "GET /v1/feed": Surface("posted", _reads),
    "POST /v1/posts/{id}/comments": Surface("posted", _answers),
    "post:watch": Surface("posted", _says("post:watch", lambda pair: {"post_ids": [*pair.posts.values()]})),
    "GET /v1/mentor-sessions": Surface("mentored", _meets),
    "PATCH /v1/mentor-sessions/{id}": Surface("mentored", _moves),
    "POST /v1/mentor-sessions": Surface("mentored", _asks("POST", "/v1/mentor-sessions", _booking)),
    "GET /v1/me": Surface("befriended", _asks("GET", "/v1/me")),
    "POST /v1/auth/refresh": Surface("befriended", _asks("POST", "/v1/auth/refresh", _refreshing)),
    "CONNECT": Surface("hung_up", _connects),
    "POST /v1/media": Surface("befriended", _asks("POST", "/v1/media", _picture)),
    "POST /v1/reports": Surface("befriended", _asks("POST", "/v1/reports", _reporting)),
}
