"""Two synthetic users go the whole way of a running server: sign in, meet, talk, decide, write: `Probe`.

Each step is bounded, and the first that fails ends the run: it names what a user would miss now. Of runs at
the same time the later waits for the earlier, as there are these two users only. Whatever a run has left that
was killed is cleared away first. The two stay connected, which hinders no later run.
"""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from socketio.exceptions import SocketIOError

from core.probes import NAMES, STEP_S, STEPS, Done, password
from core.tasks import end
from realtime.peers.client import CommandRefused, PeerClient, SignedInUser
from realtime.peers.media import Tone
from realtime.peers.peer import Peer, Signal

Payload = dict[str, Any]
STOPPED = 3  # the exit code where it was told to end
_LEAVE_S = 2.0  # what has failed may not answer that either
_LOOK_S = 0.5
_PITCHES_HZ = (330, 440)
_WORDS = "The probe was here."


class ProbeFailed(Exception):
    """A step came to nothing; the text says why."""


class _End:
    """One of the two, with its connection and its end of the media."""

    def __init__(self, account: SignedInUser, client: PeerClient, pitch_hz: int) -> None:
        self.account, self.client, self.pitch_hz = account, client, pitch_hz
        self.peer: Peer | None = None
        self.heard = asyncio.Event()
        self.described = asyncio.Event()
        self.call_id = ""
        self.ended: Payload = {}

    async def expect(self, name: str, **fields: Any) -> Payload:
        """The next event of this name in which these are so. Signals are taken on the way."""
        while True:
            heard, payload = await self.client.next()
            if heard == "call:signal" and self.peer is not None:
                self.described.set()
                await self.peer.take(payload)
            if heard == "session:revoked":
                raise ProbeFailed(f"signed out: {payload['code']}")
            if heard == name and fields.items() <= payload.items():
                return payload
            if heard == "call:ended" and name != "call:ended" and payload["call_id"] == self.call_id:
                raise ProbeFailed(f"the call ended: {payload['reason']}")
            if heard == "queue:left" and payload["reason"] != "matched":
                raise ProbeFailed(f"left the queue: {payload['reason']}")

    async def listen(self, **live: Any) -> None:
        """Until the call is live. What ends that is heard by whoever waits for signals too."""
        try:
            await self.expect("call:state", **live)
        finally:
            self.described.set()

    async def talk(self, started: Payload) -> None:
        """Begin its end of the media."""
        about = {"call_id": started["call_id"], "epoch": started["epoch"]}

        async def send(signal: Signal) -> None:
            await self.client.ask("call:signal", **about, **signal)

        async def connected() -> None:
            self.heard.set()
            await self.client.ask("call:connected", **about)

        self.peer = Peer(
            role=started["role"],
            ice_servers=started["ice_servers"],
            tracks=[Tone(self.pitch_hz)],
            send=send,
            connected=connected,
        )
        await self.peer.begin()

    async def hang_up(self) -> None:
        """End its media."""
        peer, self.peer = self.peer, None
        if peer is not None:
            await peer.close()


class Probe:
    """One run against the server at `server`, an address such as `https://meet.example.org`."""

    def __init__(self, server: str, secret: str, *, step_s: float = STEP_S) -> None:
        """`step_s`: within which each step has to be done."""
        self._server, self._secret, self._step_s = server, secret, step_s
        self._ends: tuple[_End, ...] = ()
        self._accounts: tuple[SignedInUser, ...] = ()
        self._call_id = self._room_id = ""
        self._started: Sequence[Payload] = ()
        self._listening: Sequence[asyncio.Task[None]] = ()
        self._steps: Mapping[str, Callable[[], Awaitable[None]]] = {
            "sign-in": self._sign_in,
            "turn": self._wait_for_others,
            "socket": self._connect,
            "queue": self._join,
            "match": self._match,
            "signals": self._signal,
            "media": self._hear,
            "end": self._finish,
            "decision": self._decide,
            "chat": self._write,
            "sign-out": self._sign_out,
        }

    async def run(self, say: Callable[[Done], None]) -> bool:
        """Whether all steps succeeded; `say` is told of each."""
        async with AsyncExitStack() as self._open:
            self._open.push_async_callback(self._fall_silent)
            bound = aiohttp.ClientTimeout(total=self._step_s)
            self._web = await self._open.enter_async_context(aiohttp.ClientSession(timeout=bound))
            self._open.push_async_callback(self._forget)  # after the sockets: see `_sign_out`
            self._sockets = await self._open.enter_async_context(AsyncExitStack())
            for step in STEPS:
                begun = time.perf_counter()
                wrong = await self._try(self._steps[step]())
                say(Done(step=step, seconds=time.perf_counter() - begun, wrong=wrong))
                if wrong:
                    return False
        return True

    async def _try(self, act: Awaitable[None]) -> str:
        try:
            async with asyncio.timeout(self._step_s):
                await act
        except TimeoutError:
            return f"nothing within {self._step_s:g} s"
        except CommandRefused as refused:
            return f"{refused.code}: {refused}"
        except (ProbeFailed, aiohttp.ClientError, SocketIOError, OSError) as error:
            return str(error) or repr(error)
        except Exception as error:  # a proxy's page, media without an address: whatever it is, people meet it
            return repr(error)
        return ""

    # --- The steps ---

    async def _sign_in(self) -> None:
        accounts = tuple(_account(self._server, self._web, name, self._secret) for name in NAMES)
        await asyncio.gather(*(account.sign_in() for account in accounts))
        self._accounts = accounts

    async def _wait_for_others(self) -> None:
        """Until no session is older than ours but those of runs that cannot go on any more, which end."""
        account, *_ = self._accounts
        until = time.monotonic() + self._step_s - _LOOK_S
        while True:
            page = await account.rest("GET", "/v1/auth/sessions")
            own = next(session for session in page["items"] if session["current"])
            older = [session for session in page["items"] if session["id"] < own["id"]]
            killed = [session for session in older if self._is_over(session, own)]
            for session in killed:
                with suppress(CommandRefused):  # it has ended meanwhile
                    await account.rest("DELETE", f"/v1/auth/sessions/{session['id']}")
            if len(killed) == len(older):
                return
            if time.monotonic() > until:
                raise ProbeFailed(f"another run has not ended, which signed in at {older[-1]['created_at']}")
            await asyncio.sleep(_LOOK_S)

    def _is_over(self, session: Payload, own: Payload) -> bool:
        age = datetime.fromisoformat(own["created_at"]) - datetime.fromisoformat(session["created_at"])
        return age > timedelta(seconds=len(STEPS) * self._step_s)

    async def _connect(self) -> None:
        ends = []
        for name, account, pitch_hz in zip(NAMES, self._accounts, _PITCHES_HZ, strict=True):
            client = PeerClient(self._server, account, device_id=f"device of {name}", name="probe")
            ends.append(_End(account, await self._sockets.enter_async_context(client), pitch_hz))
            self._sockets.push_async_callback(ends[-1].hang_up)
        self._ends = tuple(ends)
        for one in self._ends:
            ready = await one.expect("session:ready")
            if ready["ticket"] is not None:
                await one.client.ask("queue:leave")
            if ready["call"] is not None:
                await _leave(one.client, ready["call"])

    async def _join(self) -> None:
        for one in self._ends:
            # Else the next run meets what this one has left waiting.
            self._sockets.push_async_callback(_leave_queue, one.client)
            await one.client.ask("queue:join", mode="voice")

    async def _match(self) -> None:
        one, other = self._ends
        for each, its in ((one, other), (other, one)):
            offer = await each.expect("call:offered")
            if offer["peer"]["user_id"] != its.account.id:
                raise ProbeFailed("matched with somebody else")
            self._call_id = each.call_id = offer["call_id"]
            await each.client.ask("call:accept", call_id=self._call_id)
        about = {"call_id": self._call_id}
        self._started = [await each.expect("call:started", **about) for each in self._ends]

    async def _signal(self) -> None:
        for one, started in zip(self._ends, self._started, strict=True):
            await one.talk(started)
        live = {"call_id": self._call_id, "state": "live"}
        self._listening = [asyncio.create_task(one.listen(**live)) for one in self._ends]
        await asyncio.gather(*(one.described.wait() for one in self._ends))
        for task in self._listening:
            if task.done():
                task.result()

    async def _hear(self) -> None:
        await asyncio.gather(*self._listening, *(one.heard.wait() for one in self._ends))

    async def _finish(self) -> None:
        first, *_ = self._ends
        await first.client.ask("call:end", call_id=self._call_id)
        for one in self._ends:
            one.ended = await one.expect("call:ended", call_id=self._call_id)
            if one.ended["reason"] != "hung_up":
                raise ProbeFailed(f"the call ended: {one.ended['reason']}")
            await one.hang_up()

    async def _decide(self) -> None:
        for one in self._ends:
            if (one.ended["decision"] or {}).get("you_decide"):
                await one.client.ask("decision:submit", call_id=self._call_id, connect=True)
        for one in self._ends:
            result = await one.expect("decision:result", call_id=self._call_id)
            if result["outcome"] != "connected":
                raise ProbeFailed(f"the decision is: {result['outcome']}")
            self._room_id = result["connection"]["room_id"]

    async def _write(self) -> None:
        writer, reader = self._ends
        words = {"room_id": self._room_id, "client_id": self._call_id, "content": _WORDS}
        await writer.client.ask("chat:send", **words)
        said = await reader.expect("chat:message")
        if said["message"]["content"] != _WORDS:
            raise ProbeFailed("another message came")

    async def _sign_out(self) -> None:
        await self._sockets.aclose()  # a socket that the server closes comes back by itself
        await asyncio.gather(*(account.sign_out() for account in self._accounts))
        self._accounts = ()

    # --- What is open until the end ---

    async def _forget(self) -> None:
        """Where a step has failed: the sessions are ended all the same, if that can be."""
        await asyncio.gather(*(account.sign_out() for account in self._accounts), return_exceptions=True)

    async def _fall_silent(self) -> None:
        await end(self._listening)


def _account(server: str, web: aiohttp.ClientSession, name: str, secret: str) -> SignedInUser:
    return SignedInUser(server, web, {"username": name, "password": password(secret, name)})


async def _leave_queue(client: PeerClient) -> None:
    with suppress(CommandRefused, SocketIOError, TimeoutError):  # whoever does not hear it is gone soon
        async with asyncio.timeout(_LEAVE_S):
            await client.ask("queue:leave")


async def _leave(client: PeerClient, call: Payload) -> None:
    """A call of a run that was killed."""
    how = "call:decline" if call["state"] == "offered" else "call:end"
    with suppress(CommandRefused):  # it is over, as the other one has left it, or only waits for a decision
        await client.ask(how, call_id=call["call_id"])


async def exit_code(probe: Probe, say: Callable[[Done], None]) -> int:
    """0: all steps succeeded; 1: one failed; `STOPPED`: a signal ended it, and it has signed out."""
    this = asyncio.current_task()
    assert this is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, this.cancel)
    try:
        return 0 if await probe.run(say) else 1
    except asyncio.CancelledError:
        return STOPPED
