"""One user's device: python-socketio's own client, which writes down what it asks and sees.

It comes back by itself, as such clients do (after a second or so, then later and later, at most five), with
`pid` and `offset` in its `auth`, and does with events what docs/client.md says.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import aiohttp
import socketio

from tests.chaos.history import (
    Acknowledged,
    Answered,
    Asked,
    Closed,
    Ended,
    Heard,
    Moment,
    Shown,
    Started,
    Told,
    Welcomed,
)

PATIENCE_S = 10.0  # then a command is sent again
HANDSHAKE_S = 5.0
AGAIN_S = 0.1
FIRST_DELAY_S, LONGEST_DELAY_S = 1.0, 5.0
_FAILURES = (socketio.exceptions.SocketIOError, OSError, TimeoutError, ValueError)
_PAGE = 100


class Gone(Exception):
    """The socket went before the answer came, or none came for long."""


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error)
        self.code: str = error["code"]
        self.wait_s: float = error.get("retry_after_ms", 500) / 1000


@dataclass(slots=True)
class CurrentCall:
    """The call that this device is in."""

    call_id: str
    state: str
    epoch: int = 1
    live_since: float = 0.0


class Client:
    """A device of one user. `seen` gets each moment; `numbers` knows each user's number by their id."""

    def __init__(
        self,
        number: int,
        account: dict[str, Any],
        address: str,
        web: aiohttp.ClientSession,
        seen: Callable[[Moment], None],
        numbers: dict[str, int],
        chance: Random,
    ) -> None:
        self.number, self.user_id = number, str(account["user"]["id"])
        self.rooms: dict[str, int] = {}  # what has been shown of each, up to here without a gap
        self.call: CurrentCall | None = None
        self.waits = False  # in the queue
        self.ready = asyncio.Event()
        self.token: str = account["access_token"]
        self._auth = {"token": self.token, "device_id": f"phone of {self.user_id}"}
        self._address, self._web, self._seen, self._numbers, self._chance = (
            address,
            web,
            seen,
            numbers,
            chance,
        )
        self._offsets: set[str] = set()
        self._shown: set[tuple[str, int]] = set()
        self._read: dict[str, set[int]] = {}
        self._asks = 0
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._socket: socketio.AsyncClient | None = None
        self._closed = asyncio.Event()
        self._comes: asyncio.Task[None] | None = None
        self._errands: set[asyncio.Task[None]] = set()
        # Some begin with polling, as is that library's own default.
        self._transports = ["polling", "websocket"] if number % 10 == 9 else ["websocket"]

    # ---- coming and going ----

    def come(self) -> None:
        """Be there from now on, whatever happens to the connection."""
        self._comes = asyncio.create_task(self._stay())

    async def leave(self) -> None:
        """Be gone without a word: the transport is cut, and nobody comes back."""
        self.call, self.waits = None, False
        if self._comes is not None:
            self._comes.cancel()
            await asyncio.gather(self._comes, return_exceptions=True)
            self._comes = None
        self.drop()
        errands = list(self._errands)
        for errand in errands:
            errand.cancel()
        await asyncio.gather(*errands, return_exceptions=True)
        self._saw(Closed(time.monotonic(), self.number, wanted=True))

    def drop(self) -> None:
        """Lose the connection without a word."""
        transport = self._transport()
        if transport is not None:
            transport.abort()

    @property
    def port(self) -> int | None:
        """The TCP port that this device's WebSocket has on its side."""
        transport = self._transport()
        name = transport and transport.get_extra_info("sockname")
        return int(name[1]) if name else None

    def _transport(self) -> Any:
        socket = self._socket and getattr(self._socket.eio, "ws", None)
        connection = socket and socket._response.connection
        return connection and connection.transport

    async def _stay(self) -> None:
        delay_s = FIRST_DELAY_S
        while True:
            try:
                came = await self._connect()
                if came:
                    delay_s = FIRST_DELAY_S
                    await self._closed.wait()
            finally:
                self._lost()
            await asyncio.sleep(delay_s * self._chance.uniform(0.5, 1.5))
            delay_s = min(2 * delay_s, LONGEST_DELAY_S)

    async def _connect(self) -> bool:
        """Whether it is connected and was welcomed."""
        self._closed = closed = asyncio.Event()
        # A new one each time: its own reconnection would do the same, and cannot be told to leave at once.
        self._socket = socket = socketio.AsyncClient(reconnection=False, http_session=self._web)
        socket.on("*", self._hear)

        def gone(*_: Any) -> None:
            closed.set()
            if self._socket is socket:
                self._lost()

        socket.on("disconnect", gone)
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                await socket.connect(
                    self._address, auth=self._auth, transports=self._transports, wait_timeout=HANDSHAKE_S
                )
                await self.ready.wait()
        except _FAILURES:
            self.drop()
            with contextlib.suppress(*_FAILURES):
                async with asyncio.timeout(1):
                    await socket.disconnect()
            return False
        return True

    def _lost(self) -> None:
        if self.ready.is_set():
            self.ready.clear()
            self._saw(Closed(time.monotonic(), self.number))
        for future in self._pending.values():
            if not future.done():
                future.set_exception(Gone())
        self._pending.clear()

    # ---- asking ----

    async def ask(self, command: str, **payload: Any) -> Any:
        """What it is answered. Raises `Refused`, and `Gone` where there is no answer."""
        await self.ready.wait()
        assert self._socket is not None
        self._asks += 1
        ask, answer = self._asks, asyncio.get_running_loop().create_future()
        self._pending[ask] = answer
        self._saw(Asked(time.monotonic(), self.number, ask, command))

        def answered(said: Any) -> None:
            self._saw(Answered(time.monotonic(), self.number, ask, _code(said)))
            if not answer.done():
                answer.set_result(said)

        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._socket.emit(command, payload, callback=answered)
                said = await answer
        except _FAILURES as error:
            raise Gone from error
        finally:
            self._pending.pop(ask, None)
        if not said["ok"]:
            raise Refused(said["error"])
        return said["data"]

    async def ask_until_answered(self, command: str, **payload: Any) -> Any:
        """The same again and again, while there is no answer, or the answer says to wait."""
        while True:
            try:
                return await self.ask(command, **payload)
            except Gone:
                await asyncio.sleep(AGAIN_S)
            except Refused as refused:
                if refused.code not in {"unavailable", "rate_limited"}:
                    raise
                await asyncio.sleep(refused.wait_s)

    async def say(self, room: str, number: int) -> None:
        """The user's message of this number, once it is acknowledged."""
        payload = {"room_id": room, "client_id": f"{self.number}-{number}", "content": str(number)}
        message = (await self.ask_until_answered("chat:send", **payload))["message"]
        self._saw(Acknowledged(time.monotonic(), self.number, room, number, message["seq"]))

    async def read(self, room: str, after_seq: int) -> list[dict[str, Any]]:
        """All messages of the room after this one."""
        found: list[dict[str, Any]] = []
        while True:
            seq = found[-1]["seq"] if found else after_seq
            page = await self.ask_until_answered("chat:history", room_id=room, after_seq=seq, limit=_PAGE)
            found += page["messages"]
            if not page["has_more"]:
                return found

    # ---- hearing ----

    def _hear(self, name: str, *arguments: Any) -> None:
        if self._comes is None:  # it has left, and this was on its way
            return
        payload, offset = arguments[0], arguments[1] if len(arguments) > 1 else None
        if offset is not None:
            repeat = offset in self._offsets
            self._offsets.add(offset)
            self._auth["offset"] = offset
            if repeat and name != "session:ready":
                return
        hear = getattr(self, "_on_" + name.replace(":", "_"), None)
        if hear is not None:
            hear(payload)

    def _on_session_ready(self, ready: dict[str, Any]) -> None:
        call = ready["call"]
        self._saw(Welcomed(time.monotonic(), self.number, ready["recovered"], call and call["call_id"]))
        self._auth["pid"] = ready["pid"]
        self.waits = ready["ticket"] is not None
        if call is None:
            self.call = None
        else:
            self._now_in(call["call_id"], call["state"], call["epoch"])
        self.ready.set()
        if not ready["recovered"]:
            self._errand(self._read_all())

    async def _read_all(self) -> None:
        for room, seq in list(self.rooms.items()):
            for message in await self.read(room, seq):
                self._show(message, "read")

    def _on_chat_message(self, event: dict[str, Any]) -> None:
        self._show(event["message"], "told")

    def _show(self, message: dict[str, Any], way: Any) -> None:
        room, seq = message["room_id"], message["seq"]
        if room not in self.rooms or message["type"] != "text":
            return
        known = (room, seq) in self._shown
        if way == "read" and known:
            return
        if not (way == "told" and known and seq in self._read_of(room)):
            sender, number = self._numbers[message["sender_id"]], int(message["content"])
            self._saw(Shown(time.monotonic(), self.number, room, seq, sender, number, way))
        if way == "read":
            self._read_of(room).add(seq)
        self._shown.add((room, seq))
        while (room, self.rooms[room] + 1) in self._shown:
            self.rooms[room] += 1

    def _read_of(self, room: str) -> set[int]:
        """What was read of it: when it is told afterwards too, a client drops it."""
        return self._read.setdefault(room, set())

    def _on_call_offered(self, offer: dict[str, Any]) -> None:
        self.waits = False
        self._errand(self._accept(offer["call_id"]))

    async def _accept(self, call_id: str) -> None:
        await self._try("call:accept", call_id=call_id)

    def _on_call_started(self, started: dict[str, Any]) -> None:
        self.waits = False
        self._saw(Started(time.monotonic(), self.number, started["call_id"]))
        self._now_in(started["call_id"], "connecting", started["epoch"])

    def _on_call_state(self, state: dict[str, Any]) -> None:
        if self.call is not None and self.call.call_id == state["call_id"]:
            self._now_in(state["call_id"], state["state"], self.call.epoch)

    def _on_call_ended(self, ended: dict[str, Any]) -> None:
        self._saw(Ended(time.monotonic(), self.number, ended["call_id"], ended["reason"]))
        if self.call is not None and self.call.call_id == ended["call_id"]:
            self.call = None
        self.waits = "ticket" in ended or self.waits

    def _on_call_signal(self, signal: dict[str, Any]) -> None:
        number = int(signal["candidate"]["candidate"].split()[5])
        self._saw(Heard(time.monotonic(), self.number, signal["call_id"], number))

    def _on_queue_left(self, left: dict[str, Any]) -> None:
        self.waits = False

    def _now_in(self, call_id: str, state: str, epoch: int) -> None:
        same = self.call is not None and self.call.call_id == call_id
        was_live = same and self.call is not None and self.call.state == "live"
        since = self.call.live_since if was_live and self.call else time.monotonic()
        self.call = CurrentCall(call_id, state, epoch, since)
        self._saw(Told(time.monotonic(), self.number, call_id, state))
        if state == "offered":
            self._errand(self._accept(call_id))
        elif state == "connecting":
            self._errand(self._try("call:connected", call_id=call_id, epoch=epoch))

    # ---- what it does by itself ----

    async def _try(self, command: str, **payload: Any) -> None:
        with contextlib.suppress(Refused):  # it is too late for that
            await self.ask_until_answered(command, **payload)

    def _errand(self, doing: Any) -> None:
        task = asyncio.create_task(doing)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    def _saw(self, moment: Moment) -> None:
        self._seen(moment)


def _code(said: Any) -> str:
    return "ok" if said["ok"] else str(said["error"]["code"])
