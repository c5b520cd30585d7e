"""What a client believes of its place in the queue, by what it was told."""

from typing import Any

import pytest

from db.redis.event_log import Announcement
from realtime.gateway.known_ticket import KnownTicket

JOINED = {"ok": True, "data": {"ticket": {"id": "one", "mode": "voice"}, "waiting": 1}}
REFUSED = {"ok": False, "error": {"code": "conflict", "message": "No."}}


def event(name: str, data: bytes) -> Announcement:
    return Announcement(b"", b"", name, "", "", data)


LEFT = event("queue:left", b'{"ticket_id":"one","reason":"matched"}')
LEFT_ANOTHER = event("queue:left", b'{"ticket_id":"another","reason":"left"}')
QUEUED_AGAIN = event("call:ended", b'{"call_id":"x","reason":"declined","ticket":{"id":"one"}}')
ENDED = event("call:ended", b'{"call_id":"x","reason":"hung_up"}')


@pytest.mark.parametrize(
    ("told", "believed"),
    [
        ((JOINED,), "one"),
        ((JOINED, REFUSED, LEFT_ANOTHER, ENDED), "one"),
        ((JOINED, LEFT), None),
        ((LEFT, JOINED), None),  # the news overtook the acknowledgement
        ((QUEUED_AGAIN,), "one"),
    ],
)
def test_a_place_is_what_the_client_was_told(told: tuple[Any, ...], believed: str | None) -> None:
    known = KnownTicket()
    for what in told:
        if isinstance(what, Announcement):
            known.hear(what)
        else:
            known.answered(what)
    assert known.ticket_id == believed


def test_session_ready_says_it_anew() -> None:
    known = KnownTicket()
    known.told("one")
    known.told(None)
    assert known.ticket_id is None
