"""A user that is a program: an account over REST, and one Socket.IO connection of the public contract."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import socketio
import structlog

_EARLY_S = 60  # so long before it expires, a token is renewed
_ANSWER_S = 10
_TRIES = 5
_COME_AGAIN = frozenset({"rate_limited", "unavailable"})
_log = structlog.get_logger()


class CommandRefused(Exception):
    """The server's error, by its `code`."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error.get("message") or error.get("detail") or error.get("code"))
        self.code = str(error.get("code"))
        self.error = error


class SignedInUser:
    """Signs up or in, and always has a valid token."""

    def __init__(self, server: str, web: aiohttp.ClientSession, person: dict[str, Any]) -> None:
        """`person` is the body of `POST /v1/auth/register`."""
        self._server, self._web, self._person = server, web, person
        self._signed_in: dict[str, Any] = {}
        self._until = 0.0

    @property
    def id(self) -> str:
        """The user's id, once signed in."""
        return str(self._signed_in["user"]["id"])

    async def enter(self) -> None:
        """Sign in, or sign up if there is no such account. Raises `CommandRefused`, or aiohttp's errors."""
        try:
            await self.sign_in()
        except CommandRefused as refused:
            if refused.code != "unauthenticated":
                raise
            await self._post("register", self._person)

    async def sign_in(self) -> None:
        """Raises `CommandRefused`, or aiohttp's errors."""
        login = {"login": self._person["username"], "password": self._person["password"]}
        await self._post("login", login)

    async def sign_out(self) -> None:
        """End the session. Raises as `rest` does."""
        await self.rest("POST", "/v1/auth/logout")

    async def rest(self, method: str, path: str) -> dict[str, Any]:
        """The answer to a request in this user's name; empty where there is none.

        Raises `CommandRefused`, or aiohttp's errors.
        """
        headers = {"Authorization": f"Bearer {await self.token()}"}
        async with self._web.request(method, f"{self._server}{path}", headers=headers) as response:
            answer: dict[str, Any] = await response.json(content_type=None) or {}
        if response.status >= 400:
            raise CommandRefused(answer)
        return answer

    async def token(self) -> str:
        """An access token that is valid for another minute at least."""
        if time.monotonic() > self._until:
            try:
                await self._post("refresh", {"refresh_token": self._signed_in["refresh_token"]})
            except CommandRefused:
                await self.enter()
        return str(self._signed_in["access_token"])

    @property
    def serves_s(self) -> float:
        """Seconds until the token has to be renewed."""
        return max(0.0, self._until - time.monotonic())

    async def _post(self, what: str, body: dict[str, Any]) -> None:
        for _ in range(_TRIES):
            async with self._web.post(f"{self._server}/v1/auth/{what}", json=body) as response:
                answer = await response.json(content_type=None)
            if response.status < 400:
                self._signed_in = answer
                self._until = time.monotonic() + max(answer["expires_in_s"] - _EARLY_S, 1)
                return
            if answer.get("code") not in _COME_AGAIN:
                raise CommandRefused(answer)
            await asyncio.sleep(answer.get("retry_after_ms", 1000) / 1000)
        raise CommandRefused(answer)


class PeerClient:
    """A connection that reconnects by itself, recovers by its offset, and gives events in their order."""

    def __init__(self, server: str, account: SignedInUser, *, device_id: str, name: str = "bots") -> None:
        self._name, self._server, self._account, self._device_id = name, server, account, device_id
        self._events: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self._place: dict[str, str] = {}

    async def __aenter__(self) -> "PeerClient":
        async with AsyncExitStack() as opened:
            # Its own would be left open by attempts to connect that fail or are ended.
            web = await opened.enter_async_context(aiohttp.ClientSession())
            self._socket = socketio.AsyncClient(handle_sigint=False, http_session=web)
            self._socket.on("*", self._hear)
            opened.push_async_callback(self._socket.disconnect)  # what came back during the shutdown
            opened.push_async_callback(self._socket.shutdown)
            # WebSocket alone: long-polling would need sticky sessions at a load balancer.
            await self._socket.connect(self._server, auth=self._auth, transports=["websocket"], retry=True)
            self._opened = opened.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._opened.aclose()

    async def next(self) -> tuple[str, dict[str, Any]]:
        """The next event: its name and payload."""
        return await self._events.get()

    async def ask(self, command: str, **payload: Any) -> dict[str, Any]:
        """The acknowledgement's data. Waits and repeats if told to. Raises `CommandRefused` or socketio's."""
        for _ in range(_TRIES):
            answer = await self._socket.call(command, payload, timeout=_ANSWER_S)
            if answer["ok"]:
                return dict(answer["data"])
            if answer["error"]["code"] not in _COME_AGAIN:
                break
            await asyncio.sleep(answer["error"].get("retry_after_ms", 1000) / 1000)
        raise CommandRefused(answer["error"])

    async def renew(self) -> None:
        """Send a fresh token before the old one expires, for as long as this runs."""
        while True:
            await asyncio.sleep(self._account.serves_s)
            token = await self._account.token()
            if self._socket.connected:
                await self.ask("session:refresh", token=token)

    async def _auth(self) -> dict[str, Any]:
        return {
            "token": await self._account.token(),
            "device_id": self._device_id,
            "client": {"name": self._name, "version": "1", "platform": "python"},
            **self._place,
        }

    async def _hear(self, name: str, payload: dict[str, Any], offset: str | None = None) -> None:
        if name == "session:ready":
            self._place["pid"] = payload["pid"]
        if offset is not None:
            self._place["offset"] = offset
        await self._events.put((name, payload))
