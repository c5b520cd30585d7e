"""A simulated person: waits, accepts, talks, says yes, and answers chat messages."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from random import Random
from typing import Any, Literal

import structlog
from aiortc.mediastreams import MediaStreamTrack
from msgspec import Struct
from socketio.exceptions import SocketIOError

from core.tasks import end
from realtime.peers.client import CommandRefused, PeerClient
from realtime.peers.media import Picture, Tone
from realtime.peers.peer import Peer, Signal

Payload = dict[str, Any]
# What somebody sends in a call of this mode, made anew for each.
Tracks = Callable[[Literal["voice", "video"]], Iterator[MediaStreamTrack]]
_log = structlog.get_logger()


class Habits(Struct, frozen=True, kw_only=True):
    """How a bot behaves. Times in seconds."""

    mode: Literal["voice", "video"] = "video"
    accept_s: tuple[float, float] = (0.5, 2.0)
    talk_s: float = 120.0
    write_s: tuple[float, float] = (1.0, 3.0)
    says_yes: bool = True
    remarks: tuple[str, ...] = ("Hello!", "Nice to meet you.", "Tell me more.", "I see.", "Ha, same here.")


class Bot:
    """Acts on the events of one connection, in their order. Whatever takes time runs as a task of its own.

    `tracks`: what it sends; without them a tone, and a bar that moves.
    """

    def __init__(
        self,
        name: str,
        user_id: str,
        client: PeerClient,
        habits: Habits,
        chance: Random,
        tracks: Tracks | None = None,
    ) -> None:
        self._user_id, self._client, self._habits, self._chance = user_id, client, habits, chance
        self._tracks = tracks or self._plain
        self._log = _log.bind(bot=name)
        self._call_id: str | None = None
        self._epoch = 0
        self._peer: Peer | None = None
        self._plans: set[asyncio.Task[None]] = set()
        self._acts: dict[str, Callable[[Payload], Awaitable[None]]] = {
            "session:ready": self._ready,
            "queue:left": self._left,
            "call:offered": self._offered,
            "call:started": self._started,
            "call:signal": self._signalled,
            "call:state": self._changed,
            "call:ended": self._ended,
            "decision:result": self._decided,
            "chat:message": self._read,
        }

    async def run(self) -> None:
        """Until the session is revoked, or this is cancelled."""
        renewing = asyncio.create_task(self._client.renew())
        try:
            while True:
                name, payload = await self._client.next()
                if name == "session:revoked":
                    self._log.warning("signed out", code=payload["code"])
                    return
                if act := self._acts.get(name):
                    await self._try(act(payload))
        finally:
            await end({renewing, *self._plans})
            await self._hang_up()

    # --- The queue ---

    async def _ready(self, state: Payload) -> None:
        call = state["call"]
        if call is None:
            await self._hang_up()
            if state["ticket"] is None:
                await self._join()
        elif call["state"] == "offered":
            await self._offered(call)
        elif (call["call_id"], call["epoch"]) != (self._call_id, self._epoch):
            # This process has no media of this call (any more): restart the call.
            await self._client.ask("call:restart", call_id=call["call_id"], epoch=call["epoch"])

    async def _join(self) -> None:
        answer = await self._client.ask("queue:join", mode=self._habits.mode)
        self._log.info("waiting", mode=self._habits.mode, waiting=answer["waiting"])

    async def _left(self, left: Payload) -> None:
        if left["reason"] in ("timed_out", "disconnected"):
            await self._join()

    # --- The call ---

    async def _offered(self, offer: Payload) -> None:
        peer = offer["peer"]
        self._log.info("found somebody", name=peer["display_name"], age=peer.get("age"), mode=offer["mode"])
        self._later(self._moment(self._habits.accept_s), "call:accept", call_id=offer["call_id"])

    async def _started(self, started: Payload) -> None:
        await self._hang_up()
        self._call_id, self._epoch = started["call_id"], started["epoch"]
        about = {"call_id": self._call_id, "epoch": self._epoch}

        async def send(signal: Signal) -> None:
            await self._try(self._client.ask("call:signal", **about, **signal))

        async def connected() -> None:
            await self._try(self._client.ask("call:connected", **about))

        self._peer = Peer(
            role=started["role"],
            ice_servers=started["ice_servers"],
            tracks=self._tracks(self._habits.mode),
            send=send,
            connected=connected,
        )
        await self._peer.begin()

    def _plain(self, mode: Literal["voice", "video"]) -> Iterator[MediaStreamTrack]:
        yield Tone(self._chance.randrange(220, 660))
        if mode == "video":
            yield Picture(self._chance.randrange(256))

    async def _signalled(self, signal: Payload) -> None:
        if self._peer is not None and (signal["call_id"], signal["epoch"]) == (self._call_id, self._epoch):
            await self._peer.take(signal)

    async def _changed(self, state: Payload) -> None:
        self._log.info("call", state=state["state"])
        if state["state"] == "live":
            self._forget_plans()
            self._later(self._habits.talk_s, "call:end", call_id=state["call_id"])

    async def _ended(self, ended: Payload) -> None:
        self._log.info("call over", reason=ended["reason"], seconds=ended["duration_s"])
        self._forget_plans()
        await self._hang_up()
        decision = ended.get("decision")
        if decision and decision["you_decide"]:
            vote = {"call_id": ended["call_id"], "connect": self._habits.says_yes}
            await self._try(self._client.ask("decision:submit", **vote))
        if ended.get("ticket") is None:
            await self._join()

    async def _hang_up(self) -> None:
        peer, self._peer, self._call_id = self._peer, None, None
        if peer is not None:
            await peer.close()

    # --- Afterwards ---

    async def _decided(self, result: Payload) -> None:
        self._log.info("decided", outcome=result["outcome"])
        if connection := result.get("connection"):
            self._write(connection["room_id"])

    async def _read(self, said: Payload) -> None:
        message = said["message"]
        if message["sender_id"] != self._user_id and message["type"] == "text":
            await self._client.ask("chat:read", room_id=message["room_id"], seq=message["seq"])
            self._write(message["room_id"])

    def _write(self, room_id: str) -> None:
        remark = self._chance.choice(self._habits.remarks)
        client_id = f"bot-{self._chance.getrandbits(64):x}"
        after_s = self._moment(self._habits.write_s)
        self._later(after_s, "chat:send", room_id=room_id, client_id=client_id, content=remark)

    # --- Plans ---

    def _moment(self, between: tuple[float, float]) -> float:
        return self._chance.uniform(*between)

    def _later(self, after_s: float, command: str, **payload: Any) -> None:
        async def act() -> None:
            await asyncio.sleep(after_s)
            await self._try(self._client.ask(command, **payload))

        plan = asyncio.create_task(act(), name=command)
        self._plans.add(plan)
        plan.add_done_callback(self._plans.discard)

    def _forget_plans(self) -> None:
        """Cancel what was planned for the call; chat messages stay planned."""
        for plan in self._plans:
            if plan.get_name().startswith("call:"):
                plan.cancel()

    async def _try(self, act: Awaitable[Any]) -> None:
        """Things change while a bot waits: a refusal is only logged."""
        try:
            await act
        except CommandRefused as refused:
            self._log.info("refused", code=refused.code, sentence=str(refused))
        except SocketIOError as error:
            self._log.warning("not answered", error=repr(error))
