"""A REST server of one test with its own settings and clock, and people who use it as any client does."""

import asyncio
import contextlib
import functools
import itertools
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
from msgspec import Struct
from multidict import CIMultiDictProxy
from redis.asyncio import Redis

from composition.foundation import Foundation
from composition.own_data import OwnDataParts
from composition.rest import Sidecar, sidecar
from core.clock import DAY_MS, HOUR_MS, now_ms
from core.ending import Ending
from core.ids import new_id
from core.keys import Keyring
from core.server_settings import DEFAULT_SECRET
from core.settings import Settings
from core.tasks import beside
from db.postgres.media import MediaStore
from db.redis.bus import Bus
from db.redis.dev_outbox import DevOutboxStore
from db.redis.event_log import channel
from db.redis.multiplexed import RedisClient
from rest.http.listening import listening
from services.job_worker import JobWorker
from services.ports import Sent
from tests.patience import PATIENCE_S
from tests.stores.world import World

_numbers = itertools.count(1)
PASSWORD = "correct horse battery"
_WAITING = """
    SELECT EXISTS (SELECT FROM jobs.pgqueuer WHERE status = 'picked' OR status = 'queued' AND execute_after <=
    now())
"""


def path_of(path: str) -> str:
    """One that fits this pattern, with ids of nothing."""
    return re.sub(r"\{\w+\}", new_id(), path.replace("{provider}", "google").replace("{name}", "s640"))


class SteppedClock:
    """The server's time: the real one, put forward by a test."""

    def __init__(self) -> None:
        self.ahead_ms = 0
        self._stopped_at: int | None = None

    def __call__(self) -> int:
        return (self._stopped_at or now_ms()) + self.ahead_ms

    def stop(self, *, at_h: int | None = None) -> None:
        """It moves by `advance` alone from now on; from this hour of tomorrow (UTC) if one is given."""
        self._stopped_at = now_ms()
        if at_h is not None:
            self._stopped_at += DAY_MS - self._stopped_at % DAY_MS + at_h * HOUR_MS

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
        side: Sidecar | None = None,
        keyring: Keyring | None = None,
    ) -> None:
        self.address, self.world, self.clock = address, world, clock
        self.redis, self.redis_client = redis, redis_client
        self._web, self._side = web_client, side
        self.keyring = keyring or Keyring(DEFAULT_SECRET)

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

    async def open(self, url: str, **headers: str) -> tuple[int, CIMultiDictProxy[str], bytes]:
        """What a browser gets at this address, of ours: status, headers, bytes. `If_Range` for `If-Range`."""
        parts = urlsplit(url)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._web.get(f"{self.address}{parts.path}?{parts.query}", headers=named) as response:
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

    @functools.cached_property
    def _worker(self) -> JobWorker:
        assert self._side, "only the whole application does jobs"
        return self._side.jobs.worker(self._side.works, every_s=0.02)

    @property
    def own_data(self) -> OwnDataParts:
        """Copies and erasures, for a test that does their jobs by itself."""
        assert self._side, "only the whole application has it"
        return self._side.own_data

    async def unknown_objects(self, names: list[str]) -> list[str]:
        """Which of these the sweep of the object store would delete."""
        return await MediaStore(self.world.pool).unknown(names)

    async def work(self) -> None:
        """Until all jobs that wait have been done."""
        async with asyncio.timeout(PATIENCE_S), beside(self._worker.run()):
            while await self.world.pool.fetchval(_WAITING):
                await asyncio.sleep(0.01)

    async def mail_to(self, email: str) -> list[Sent]:
        """What was sent to this address, the newest first, when all jobs that wait have been done."""
        await self.work()
        newest = await DevOutboxStore(self.redis_client).newest()
        sent = [msgspec.json.decode(each, type=Sent) for each in newest]
        return [each for each in sent if each.to == email]

    async def link_to(self, email: str) -> str:
        """The token of the link in the newest mail to this address."""
        newest, *_ = await self.mail_to(email)
        found = re.search(r"#\w+=([\w-]+)", newest.text)
        assert found, newest
        return found[1]

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
            assert (await pubsub.get_message(timeout=PATIENCE_S))["type"] == "subscribe"

            async def heard() -> list[str]:
                message = await pubsub.get_message(timeout=PATIENCE_S)
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
    keyring: Keyring | None = None,
    ending: Ending | None = None,
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
        keyring=keyring,
        ending=ending,
    )
    with sidecar(base, checks or {}) as side:
        async with (
            listening(side.app, msgspec.structs.replace(settings, port=0)) as port,
            aiohttp.ClientSession() as client,
        ):
            address = f"http://127.0.0.1:{port}"
            yield RestServer(address, client, world, redis, redis_client, clock, side, base.keyring)
