"""A push in the words of APNs: headers, and a payload of so many bytes. Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from db.postgres.devices import Target
from outside.fitting import fitting
from services.ports import Pushed, Ring

_MOST_BYTES = 4096
_MOST_ID = 64  # bytes of `apns-collapse-id`


class Words(NamedTuple):
    """What is sent."""

    headers: Mapping[str, str]
    payload: bytes


def rings_itself(device: Target, pushed: Pushed) -> bool:
    """Whether it is a call for a phone that rings by itself, as PushKit has it."""
    return device.platform == "ios" and device.voip_token is not None and pushed.ring is not None


def ringing(pushed: Pushed, ring: Ring, topic: str, now: int) -> Words:
    """A call for an app that has to report one to CallKit whenever such a push comes."""
    said = {"aps": {}, **_ids(pushed), "video": ring.video} | ({"caller": ring.caller} if ring.caller else {})
    headers = _headers(pushed, f"{topic}.voip", now, kind="voip", priority=10)
    return Words(headers, msgspec.json.encode(said))


def closing(pushed: Pushed, topic: str, now: int) -> Words:
    """For the app alone, which removes what it shows: Apple may hold that back."""
    said = {"aps": {"content-available": 1}, **_ids(pushed), "close": " ".join(pushed.closes)}
    headers = _headers(pushed, topic, now, kind="background", priority=5)
    return Words(headers, msgspec.json.encode(said))


def showing(pushed: Pushed, topic: str, now: int) -> Words:
    """Shown by the phone itself; its app may ask by the id for more to show, before it is."""
    calls = {"interruption-level": "time-sensitive", "sound": "default"} if pushed.kind == "call" else {}

    def said(body: str) -> bytes:
        alert = {"title": pushed.title} | ({"body": body} if body else {})
        aps = {"alert": alert, "thread-id": pushed.topic, "mutable-content": 1, **calls}
        return msgspec.json.encode({"aps": aps, **_ids(pushed)})

    headers = _headers(pushed, topic, now, kind="alert", priority=10 if pushed.urgent else 5)
    return Words(headers, fitting(said, pushed.body, _MOST_BYTES))


def _ids(pushed: Pushed) -> Mapping[str, Any]:
    return {"id": pushed.id, "kind": pushed.kind} | ({"url": pushed.url} if pushed.url else {})


def _headers(pushed: Pushed, topic: str, now: int, *, kind: str, priority: int) -> Mapping[str, str]:
    return {
        "apns-topic": topic,
        "apns-push-type": kind,
        "apns-priority": str(priority),
        "apns-expiration": str(now // 1000 + pushed.ttl_s),
        "apns-collapse-id": pushed.topic.encode()[:_MOST_ID].decode(errors="ignore"),
    }
