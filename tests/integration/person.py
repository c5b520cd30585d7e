"""People who use the product: they sign up over REST and talk over Socket.IO, as any client does."""

import asyncio
import contextlib
import itertools
from typing import Any

import aiohttp
import socketio

from core.vocabulary import Gender
from tests.patience import PATIENCE_S

_numbers = itertools.count(1)


class Refused(Exception):
    """An acknowledgement with an error in it."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error)
        self.code: str = error["code"]
        self.error = error
        assert self.code != "rate_limited" or error["retry_after_ms"] > 0, error


class Gone(Exception):
    """The connection ended while an answer was awaited."""


class ClientDevice:
    """One connection of a person: what it was told, in order, and what it asks."""

    def __init__(
        self,
        address: str,
        device_id: str | None,
        transports: list[str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.device_id = device_id
        self._headers = headers or {}
        self.heard: list[tuple[str, dict[str, Any], str | None]] = []
        self.offset: str | None = None
        self.closed = asyncio.Event()
        self.closed.set()
        self.ready: dict[str, Any] = {}
        self._address = address
        self._transports = transports or ["websocket"]
        self._taken = 0
        self._new = asyncio.Condition()
        self._client = socketio.AsyncClient(reconnection=False, logger=False)
        self._client.on("*", self._hear)
        self._client.on("disconnect", self._gone)

    @property
    def sid(self) -> str:
        """The id that the server has given to this connection."""
        return str(self._client.get_sid())

    async def connect(self, **auth: Any) -> dict[str, Any]:
        """The `session:ready` that follows. Raises `Refused` with what CONNECT_ERROR says."""
        auth = {k: v for k, v in {"device_id": self.device_id, **auth}.items() if v is not None}
        refusal: list[Any] = []
        self._client.on("connect_error", refusal.append)
        self.closed.clear()
        try:
            await self._client.connect(
                self._address,
                headers=self._headers,
                auth=auth,
                transports=self._transports,
                wait_timeout=PATIENCE_S,
            )
        except socketio.exceptions.ConnectionError:
            self.closed.set()
            if refusal and isinstance(refusal[0], dict) and "data" in refusal[0]:
                raise Refused(refusal[0]["data"]) from None
            raise
        self.ready = await self.next("session:ready")
        return self.ready

    async def _hear(self, name: str, *arguments: Any) -> None:
        payload, offset = arguments[0], arguments[1] if len(arguments) > 1 else None
        async with self._new:
            self.heard.append((name, payload, offset))
            self.offset = offset or self.offset
            self._new.notify_all()

    async def _gone(self, *_reason: str) -> None:
        async with self._new:
            self.closed.set()
            self._new.notify_all()

    async def ask(self, command: str, **payload: Any) -> Any:
        """The data of the acknowledgement. Raises `Refused`."""
        answer = await self.send_raw(command, payload)
        if not answer["ok"]:
            raise Refused(answer["error"])
        return answer["data"]

    async def begin(self, command: str, **payload: Any) -> None:
        """Ask, and wait for no answer."""
        await self._client.emit(command, payload, callback=lambda *_: None)

    async def send_raw(self, command: str, *arguments: Any) -> Any:
        """Whatever comes back for whatever was sent. Raises `Gone` if the connection ends before."""
        answers: list[tuple[Any, ...]] = []

        async def answered(*back: Any) -> None:
            async with self._new:
                answers.append(back)
                self._new.notify_all()

        try:
            await self._client.emit(command, arguments, callback=answered)
        except socketio.exceptions.BadNamespaceError as error:
            raise Gone(command) from error
        # Not by the client's own `call`: its `wait_for`, in Python 3.11, returns what comes in the moment in
        # which it is cancelled, and whoever repeats it goes on for ever.
        async with asyncio.timeout(PATIENCE_S), self._new:
            await self._new.wait_for(lambda: answers or self.closed.is_set())
        if not answers:
            raise Gone(command)
        back = answers[0]
        return back[0] if len(back) == 1 else back or None

    async def refused(self, command: str, **payload: Any) -> str:
        """The code of the error that this is answered with."""
        try:
            data = await self.ask(command, **payload)
        except Refused as refused:
            return refused.code
        raise AssertionError(f"{command} was not refused: {data}")

    async def next(self, name: str, **like: Any) -> Any:
        """The first event of this name, not taken before, that has these values."""

        def find() -> int | None:
            for index in range(self._taken, len(self.heard)):
                heard, payload, _ = self.heard[index]
                if heard == name and like.items() <= payload.items():
                    return index
            return None

        try:
            async with asyncio.timeout(PATIENCE_S), self._new:
                while (index := find()) is None and not self.closed.is_set():
                    await self._new.wait()
        except TimeoutError:
            index = None
        if index is None:
            told = [(n, p) for n, p, _ in self.heard[self._taken :]]
            end = ", and the connection is closed" if self.closed.is_set() else ""
            raise AssertionError(f"no {name} {like} came, but {told}{end}")
        self._taken = index + 1
        return self.heard[index][1]

    def has_heard(self, name: str, **like: Any) -> int:
        """How often such an event has come so far."""
        return sum(n == name and like.items() <= p.items() for n, p, _ in self.heard)

    def forget(self) -> None:
        """Whatever it has heard so far."""
        self.heard.clear()
        self._taken = 0

    async def leave(self) -> None:
        """Close the connection."""
        await self._client.disconnect()

    async def drop(self) -> None:
        """Lose the connection without a word: the transport is cut."""
        self.cut()
        await self.closed.wait()

    def cut(self) -> None:
        """The same, not waiting for the client to notice."""
        self._client.eio.ws._response.connection.transport.abort()


class Person:
    """An account, and the devices it is used on."""

    def __init__(
        self,
        address: str,
        web: aiohttp.ClientSession,
        account: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> None:
        self.address, self.headers = address, headers
        self._web = web
        self.id: str = account["user"]["id"]
        self.token: str = account["access_token"]
        self.refresh_token: str = account["refresh_token"]
        self.account = account
        self.devices: list[ClientDevice] = []

    @classmethod
    async def sign_up(
        cls, address: str, web: aiohttp.ClientSession, *, gender: Gender = "female", born: str = "1995-05-05"
    ) -> "Person":
        """A new account, ready to queue. While a busy server says to try again, another is asked for."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                number = next(_numbers)
                body = {
                    "email": f"person{number}-{id(web)}@example.org",
                    "username": f"person{number}_{id(web)}",
                    "password": "correct horse battery",
                    "display_name": f"Person {number}",
                    "birth_date": born,
                    "gender": gender,
                }
                async with web.post(f"{address}/v1/auth/register", json=body) as response:
                    if response.status != 503:
                        assert response.status == 201, await response.text()
                        return cls(address, web, await response.json())

    async def rest(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Status and body of a REST request in this person's name."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        async with self._web.request(method, f"{self.address}{path}", headers=headers, **options) as response:
            return response.status, await response.json(content_type=None)

    async def connect(
        self,
        device_id: str | None = "phone",
        *,
        address: str | None = None,
        transports: list[str] | None = None,
        **auth: Any,
    ) -> ClientDevice:
        """A device of this person, connected and welcomed. None: one that does not say which it is."""
        own = device_id and f"{device_id} of {self.id}"
        device = ClientDevice(address or self.address, own, transports, self.headers)
        self.devices.append(device)
        await device.connect(**{"token": self.token, **auth})
        return device

    async def leave(self) -> None:
        """Close all connections."""
        for device in self.devices:
            if not device.closed.is_set():
                with contextlib.suppress(Gone):  # as it may be in that moment
                    await device.send_raw("queue:leave")
            await device.leave()
