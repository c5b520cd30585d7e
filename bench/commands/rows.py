"""What is measured: who is needed for a row, and what one unit of it is."""

import json
from collections.abc import Callable, Sequence
from itertools import count, cycle

from bench.commands.lanes import Lane
from bench.commands.people import Meeting, Person
from bench.sockets.wire import frame

CANDIDATE = (
    "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.0.17 rport 46154"
    " generation 0 ufrag EEtu network-cost 999"
)
TEXT = "Good to meet you! Shall we talk again tomorrow, about the same time?"
_numbers = count()


def asking(command: str, payload: dict[str, object]) -> bytes:
    """The frame of a command that wants an answer."""
    return frame(f"421{json.dumps([command, payload], separators=(',', ':'))}")


def signals(meetings: Sequence[Meeting]) -> list[Lane]:
    """A candidate, acknowledged and with the peer."""
    lanes = []
    for meeting in meetings:
        candidate = {"candidate": CANDIDATE, "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "EEtu"}
        asked = asking(
            "call:signal", {"call_id": meeting.call_id, "epoch": meeting.epoch, "candidate": candidate}
        )
        lanes.append(Lane(meeting.offerer, [meeting.answerer], 2, lambda asked=asked: asked))  # type: ignore[misc]
    return lanes


class Friends:
    """Two with a room in which they can write."""

    def __init__(self, one: Person, other: Person, room_id: str) -> None:
        self.one, self.other, self.room_id = one, other, room_id


def message(room_id: str) -> bytes:
    """What nobody has said before."""
    return asking("chat:send", {"room_id": room_id, "client_id": f"bench-{next(_numbers)}", "content": TEXT})


def messages(friends: Sequence[Friends]) -> list[Lane]:
    """A message, acknowledged and with both."""
    return [
        Lane(two.one, [two.other], 3, lambda room_id=two.room_id: message(room_id))  # type: ignore[misc]
        for two in friends
    ]


def typing(friends: Sequence[Friends]) -> list[Lane]:
    """That one types, acknowledged and with the other."""

    def asked(two: Friends) -> Callable[[], bytes]:
        said = asking("chat:typing", {"room_id": two.room_id, "typing": True})
        return lambda: said

    return [Lane(two.one, [two.other], 2, asked(two)) for two in friends]


def presence_set(friends: Sequence[Friends]) -> list[Lane]:
    """That one is away, or back, acknowledged and with the other, who has to watch already."""

    def asked() -> Callable[[], bytes]:
        said = cycle(asking("presence:set", {"status": status}) for status in ("away", "online"))
        return lambda: next(said)

    return [Lane(two.other, [two.one], 2, asked()) for two in friends]


def presence_watch(friends: Sequence[Friends]) -> list[Lane]:
    """Whether the other is there, and from then on."""

    def asked(two: Friends) -> Callable[[], bytes]:
        said = asking("presence:watch", {"user_ids": [two.other.id]})
        return lambda: said

    return [Lane(two.one, [], 1, asked(two)) for two in friends]
