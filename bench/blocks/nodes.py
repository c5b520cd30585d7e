"""Nodes of the product as processes on one core, which tell what they do about a block or an expulsion."""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import uvloop

from bench.commands.meters import cpu_us
from bench.commands.stacks import PRODUCT, PROJECT, SERVER_CORE
from composition import realtime
from composition.foundation import Foundation
from composition.live_stores import LiveStores
from composition.services import Services
from core import logs
from core.contract.calls import CallEnded
from core.environment import load
from db.embedded import Urls
from realtime.presence.ports import Sockets
from signaling.messages import Block

PATIENCE_S = 30.0
_REASONS = ("blocked", "moderated")


class Marks:
    """What nodes have told: for each key (a user, a call) the steps, with the time of each."""

    def __init__(self) -> None:
        self.of: dict[str, list[tuple[float, str]]] = defaultdict(list)

    def note(self, at: float, step: str, key: str) -> None:
        self.of[key].append((at, step))


def _mark(step: str, key: str) -> None:
    print(json.dumps([time.time(), step, key]), flush=True)


def _around(thing: Any, name: str, key: Callable[..., str | None], before: str, after: str) -> None:
    """Tell when this method begins and ends, for those calls that have a key."""
    method = getattr(thing, name)

    async def traced(*given: Any, **more: Any) -> Any:
        of = key(*given)
        if of and before:
            _mark(before, of)
        answer = await method(*given, **more)
        if of and after:
            _mark(after, of)
        return answer

    setattr(thing, name, traced)


class Traced(Services):
    """The product's services, which tell of each step from an act to its last effect."""

    def __init__(self, stores: LiveStores, base: Foundation, sockets: Sockets) -> None:
        _around(stores.blocks, "block", lambda blocker, *_: blocker, "received", "committed")
        _around(stores.bans, "end_sessions", lambda user_id, _: user_id, "taken", "sessions ended")
        _around(stores.events, "revoked", lambda user_id, *_: user_id, "calls ended", "told to close")
        _around(
            stores.calls, "save", lambda call, *_: call.id if call.reason in _REASONS else None, "", "saved"
        )
        _around(
            stores.events,
            "send",
            lambda _, event: event.call_id if isinstance(event, CallEnded) else None,
            "",
            "announced to one",
        )
        super().__init__(stores, base, sockets)
        _around(
            self.call_service,
            "tell",
            lambda _, message: message.user_id if isinstance(message, Block) else None,
            "taken up",
            "",
        )


async def _node() -> None:
    settings = load(os.environ)
    logs.set_up(settings)
    async with realtime.running(settings, services=Traced) as address:
        print(json.dumps([0, "address", address]), flush=True)
        lines = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        await lines.read()  # until the bench is over


class BenchNode:
    """One of them: `port` answers."""

    def __init__(self, urls: Urls, marks: Marks) -> None:
        self._urls, self._marks = urls, marks
        self.address, self.port = "", 0

    async def __aenter__(self) -> "BenchNode":
        command = [sys.executable, "-m", "bench.blocks.nodes"]
        if (os.cpu_count() or 1) > 1:
            command = ["taskset", "-c", str(SERVER_CORE), *command]
        stores = {"DATABASE_URL": self._urls.database_url, "REDIS_URL": self._urls.redis_url}
        patient = {"ANSWER_S": "30"}  # what is slow is measured, not given up
        self._process = await asyncio.create_subprocess_exec(
            *command,
            cwd=PROJECT,
            env={**os.environ, **PRODUCT, **stores, **patient},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            _, _, self.address = json.loads(await self._process.stdout.readline())
        self.port = int(self.address.rpartition(":")[2])
        self._ear = asyncio.create_task(self._listen(self._process.stdout))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await self._ear

    def cpu_s(self) -> float:
        """What it has used so far."""
        return cpu_us(self._process.pid) / 1e6

    async def _listen(self, told: asyncio.StreamReader) -> None:
        async for line in told:
            self._marks.note(*json.loads(line))


if __name__ == "__main__":
    uvloop.run(_node())
