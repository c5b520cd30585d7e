"""Calls that are set up and ended, again and again, by scripted clients: from the queue to live."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from bench.commands.people import Person
from bench.commands.rows import CANDIDATE, asking
from bench.sockets.wire import RawPeer
from tests.signaling.samples import SAMPLES

_JOIN = asking("queue:join", {"mode": "voice"})
_OFFER, _ANSWER = (
    {"type": kind, "sdp": SAMPLES[f"chromium-voice.{kind}"].sdp} for kind in ("offer", "answer")
)
_CANDIDATES = 6  # as a browser with two addresses and a relay finds about
_FOUND = {"candidate": CANDIDATE, "sdpMid": "0", "sdpMLineIndex": 0}


class Count:
    """Of sides that are live; `reached` once there are so many."""

    def __init__(self, most: int) -> None:
        self._left, self.reached = most, asyncio.Event()

    def one(self) -> None:
        """One more."""
        self._left -= 1
        if not self._left:
            self.reached.set()


class Caller:
    """Queues, accepts, signals as a browser does, and says that media flows.

    When the call is live, the one who offered hangs up; then both begin anew, `calls` times: whoever hangs up
    early more often than that is kept from others.
    """

    def __init__(self, person: Person, calls: int, live: Count) -> None:
        self._person, self._left, self._live = person, calls, live
        self._call_id, self._epoch, self._offers, self._offered_at = "", 0, False, 0.0
        self.took_s: list[float] = []
        self._acts: dict[str, Callable[[Any], None]] = {
            "call:offered": self._offered,
            "call:started": self._started,
            "call:signal": self._signalled,
            "call:state": self._changed,
            "call:ended": self._ended,
        }
        person.message = self._hear
        person.write(_JOIN)

    def _ask(self, command: str, **payload: object) -> None:
        self._person.write(asking(command, {"call_id": self._call_id, **payload}))

    def _signal(self, description: dict[str, str]) -> None:
        self._ask("call:signal", epoch=self._epoch, description=description)
        for _ in range(_CANDIDATES):
            self._ask("call:signal", epoch=self._epoch, candidate=_FOUND)

    def _hear(self, _peer: RawPeer, payload: bytes) -> None:
        text = payload.decode()
        if payload[1] != 0x33:  # an acknowledgement
            name, event = json.loads(text[text.index("[") :])[:2]
            if act := self._acts.get(name):
                act(event)

    def _offered(self, event: Any) -> None:
        self._call_id, self._offered_at = event["call_id"], time.perf_counter()
        self._ask("call:accept")

    def _started(self, event: Any) -> None:
        self._epoch, self._offers = event["epoch"], event["role"] == "offerer"
        if self._offers:
            self._signal(_OFFER)

    def _signalled(self, event: Any) -> None:
        if "description" in event:
            if not self._offers:
                self._signal(_ANSWER)
            self._ask("call:connected", epoch=self._epoch)

    def _changed(self, event: Any) -> None:
        if event["state"] == "live":
            self.took_s.append(time.perf_counter() - self._offered_at)
            self._live.one()
            if self._offers:
                self._ask("call:end")

    def _ended(self, _event: Any) -> None:
        self._left -= 1
        if self._left:
            self._person.write(_JOIN)
