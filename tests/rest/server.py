"""A REST server of one test with its own settings and clock, and people who use it as any client does."""

import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
from msgspec import Struct
from multidict import CIMultiDictProxy
from redis.asyncio import Redis

from composition.foundation import Foundation
from composition.jobs import JobParts
from composition.rest import sidecar
from composition.stores import Stores
from core.clock import now_ms
from core.ids import new_id
from core.settings import Settings
from db.redis.bus import Bus
from db.redis.event_log import channel
from db.redis.multiplexed import RedisClient
from rest.http.listening import listening
from tests.stores.world import World

_numbers = itertools.count(1)
PASSWORD = "correct horse battery"


class SteppedClock:
    """The server's time: the real one, put forward by a test."""

    def __init__(self) -> None:
        self.ahead_ms = 0
        self._stopped_at: int | None = None

    def __call__(self) -> int:
        return (self._stopped_at or now_ms()) + self.ahead_ms

    def stop(self) -> None:
        """It moves by `advance` alone from now on."""
        self._stopped_at = now_ms()

    def advance(self, *, s: float) -> None:
        self.ahead_ms += int(s * 1000)


class Answer(Struct):
    """What came back."""

    status: int
    headers: CIMultiDictProxy[str]
    body: Any

    @property
    def code(self) -> str:
        """The error's code; the answer has to be a problem in full."""
        assert self.headers["Content-Type"].startswith("application/problem+json"), self
        assert self.body["status"] == self.status
        assert {"type", "title", "detail"} <= self.body.keys()
        code: str = self.body["code"]
        return code


def new_person(**changes: Any) -> dict[str, Any]:
    """The body of a registration that succeeds, but for the changes."""
    name = f"p{next(_numbers)}-{new_id()[-12:]}"
    return {
        "email": f"{name}@example.org",
        "username": name,
        "password": PASSWORD,
        "display_name": "Ana",
        "birth_date": "1996-06-16",
        "gender": "female",
        **changes,
    }


class RestServer:
    """Where it answers, what stands behind it, and how to ask it."""

    def __init__(
        self,
        address: str,
        web_client: aiohttp.ClientSession,
        world: World,
        redis: Redis,
        redis_client: RedisClient,
        clock: SteppedClock,
    ) -> None:
        self.address, self.world, self.clock = address, world, clock
        self.redis, self.redis_client = redis, redis_client
        self._web = web_client

    async def ask(self, method: str, path: str, *, token: str | None = None, **what: Any) -> Answer:
        """Any request. `json`, `data` and `headers` as aiohttp takes them."""
        headers = what.pop("headers", {})
        if token:
            headers = {"Authorization": f"Bearer {token}", **headers}
        url = self.address + path
        async with self._web.request(method, url, headers=headers, **what) as response:
            is_json = "json" in response.content_type
            body = (
                await response.json(content_type=None) if is_json else await response.text(errors="replace")
            )
            return Answer(response.status, response.headers, body)

    async def open(self, url: str) -> tuple[int, CIMultiDictProxy[str], bytes]:
        """What a browser gets at this address, of ours: status, headers, bytes."""
        parts = urlsplit(url)
        async with self._web.get(f"{self.address}{parts.path}?{parts.query}") as response:
            return response.status, response.headers, await response.read()

    async def sign_up(self, **changes: Any) -> Any:
        """A new account: the answer to its registration."""
        answer = await self.ask("POST", "/v1/auth/register", json=new_person(**changes))
        assert answer.status == 201, answer.body
        return answer.body

    async def login(self, login: str, password: str = PASSWORD) -> Answer:
        return await self.ask("POST", "/v1/auth/login", json={"login": login, "password": password})

    async def refresh(self, token: str) -> Answer:
        return await self.ask("POST", "/v1/auth/refresh", json={"refresh_token": token})

    @contextlib.asynccontextmanager
    async def listening(self, user_id: str) -> AsyncIterator[Any]:
        """Hear what the nodes that hold this user's connections are told: `await heard()`."""
        async with self.hearing(channel(user_id)) as heard:
            yield heard

    @contextlib.asynccontextmanager
    async def hearing(self, name: str) -> AsyncIterator[Any]:
        """The same of any channel."""
        async with self.redis.pubsub() as pubsub:
            await pubsub.subscribe(name)
            assert (await pubsub.get_message(timeout=5))["type"] == "subscribe"

            async def heard() -> list[str]:
                message = await pubsub.get_message(timeout=5)
                assert message is not None, "nothing was announced"
                return str(message["data"], "utf-8").split("\n")

            yield heard


@contextlib.asynccontextmanager
async def serving(
    world: World,
    redis: Redis,
    redis_client: RedisClient,
    settings: Settings,
    checks: Mapping[str, Any] | None = None,
) -> AsyncIterator[RestServer]:
    """The REST application on a free port, for as long as the block lasts."""
    clock = SteppedClock()
    base = Foundation(
        settings,
        world.pool,
        redis_client,
        Bus(redis_client, "rest"),
        node_id="rest",
        clock=clock,
    )
    stores = Stores(base)
    with sidecar(base, stores, JobParts(stores, base), checks or {}) as app:
        async with (
            listening(app, msgspec.structs.replace(settings, port=0)) as port,
            aiohttp.ClientSession() as client,
        ):
            yield RestServer(f"http://127.0.0.1:{port}", client, world, redis, redis_client, clock)
