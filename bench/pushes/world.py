"""Stores with a node, on which one person has rooms with many who are not connected, and may have devices."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Literal

import asyncpg
import msgspec
import psutil
from msgspec import Struct

from bench.accounts import signed_up
from bench.commands.crowds import gather
from bench.commands.people import Person, leave
from bench.idle import Servers, cpu_ns, stores
from core.clock import now_ms
from core.ids import new_id
from core.web_push_key import new_key
from tests.served import Served

MEMBERS = 500
Kind = Literal["direct", "group"]
_MOMENT_MS = 2_000  # for all that is said in a room in so long one push is asked for
_PATIENCE_S, _LOOK_S = 60, 0.02
# Nobody does the jobs; mail and SMS go nowhere, so pushes are asked for where they are set, and there alone.
_NODE = {
    "JOB_WORKERS": "0",
    "LOG_LEVEL": "WARNING",
    "MAIL": "smtp://127.0.0.1:9",
    "SMS": "http://127.0.0.1:9/",
    "ACCESS_TOKEN_S": "86400",
}
_PEOPLE = """
    WITH people AS (
        INSERT INTO identity.users (id, username, created_at, updated_at)
        SELECT id, id::text, now(), now() FROM unnest($1::uuid[]) id
    )
    INSERT INTO identity.sessions (id, user_id, created_at, last_used_at, expires_at)
    SELECT id, id, now(), now(), now() + interval '1 day' FROM unnest($1::uuid[]) id
"""
_PAIR = """
    WITH room AS (
        INSERT INTO communication.rooms (id, kind, created_at) VALUES ($1, 'direct', now())
    )
    INSERT INTO communication.members (room_id, user_id) VALUES ($1, $2), ($1, $3)
"""
_DEVICE = """
    INSERT INTO identity.devices (user_id, device_id, session_id, platform, token, subscription, updated_at)
    VALUES ($1, 'device', $1, $2, $3, $4::text::jsonb, now())
"""


class Used(Struct, frozen=True):
    """CPU in ns."""

    server: int = 0
    redis: int = 0
    postgres: int = 0

    def each(self, number: int) -> "Used":
        """Of one of so many."""
        return Used(self.server // number, self.redis // number, self.postgres // number)


class Counted(Struct, frozen=True):
    """Since each began; of PostgreSQL by its processes."""

    server: int
    redis: int
    postgres: Mapping[int, int]

    def since(self, before: "Counted") -> Used:
        """What was used in between."""
        return Used(
            self.server - before.server, self.redis - before.redis, grown(before.postgres, self.postgres)
        )


class World:
    """One node with its stores. `ana` writes, the `others` do not read."""

    def __init__(self, servers: Servers, node: Served, database: asyncpg.Connection, ana: Person) -> None:
        self.servers, self._node, self._database, self._ana = servers, node, database, ana
        self.others = [new_id() for _ in range(MEMBERS)]
        self.rooms: dict[Kind, list[str]] = {"direct": [], "group": []}
        self._said = 0

    async def settle(self, *, pairs: int, groups: int) -> None:
        """So many rooms of two, and so many groups of which the others are members."""
        await self._database.execute(_PEOPLE, self.others)
        for other in self.others[:pairs]:
            self.rooms["direct"].append(new_id())
            await self._database.execute(_PAIR, self.rooms["direct"][-1], self._ana.id, other)
        members = [self._ana.id, *self.others]
        self.rooms["group"] = [await gather(self._database, members) for _ in range(groups)]
        await self._database.execute("ANALYZE")

    async def give(self, devices: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Each of these has a browser, subscribed so, or a phone; and nobody else has a device."""
        await self._database.execute("DELETE FROM identity.devices")
        for who, what in devices.items():
            platform, token = ("web", None) if what else ("android", f"token of {who}")
            subscription = msgspec.json.encode(what).decode() if what else None
            await self._database.execute(_DEVICE, who, platform, token, subscription)

    async def say(self, kind: Kind) -> Sequence[str]:
        """A message in each of these rooms, one after the other; all of them are told."""
        for room_id in self.rooms[kind]:
            self._said += 1
            await self._ana.ask(
                "chat:send", room_id=room_id, client_id=f"bench-{self._said}", content="So it goes, and on"
            )
        async with asyncio.timeout(_PATIENCE_S):
            while await self._left():  # noqa: ASYNC110 - PostgreSQL does not say when
                await asyncio.sleep(_LOOK_S)
        return self.rooms[kind]

    async def _left(self) -> bool:
        """Whether the outbox holds something."""
        left: bool = await self._database.fetchval("SELECT EXISTS (SELECT FROM communication.outbox)")
        return left

    async def measured(self, kind: Kind) -> tuple[Used, int]:
        """What a message costs in such a room, and how many pushes were asked for."""
        await asyncio.sleep((_MOMENT_MS - now_ms() % _MOMENT_MS) / 1000)
        before, asked = self._counted(), await self._asked()
        said = len(await self.say(kind))
        used = self._counted().since(before)
        return used.each(said), await self._asked() - asked

    async def _asked(self) -> int:
        asked: int = await self._database.fetchval(
            "SELECT count(*) FROM jobs.pgqueuer WHERE entrypoint = 'push-room'"
        )
        return asked

    def _counted(self) -> Counted:
        return Counted(
            cpu_ns([psutil.Process(self._node.pid)]),
            cpu_ns(self.servers.processes("redis")),
            self.postgres(),
        )

    def postgres(self) -> Mapping[int, int]:
        """CPU in ns of each process of PostgreSQL, but for the one that serves this bench."""
        own = self._database.get_server_pid()
        return {each.pid: cpu_ns([each]) for each in self.servers.processes("postgres") if each.pid != own}


def grown(before: Mapping[int, int], after: Mapping[int, int]) -> int:
    """By how much, of those that live still: a connection that is closed takes its count along."""
    return sum(ns - before.get(pid, 0) for pid, ns in after.items())


@asynccontextmanager
async def world(*, pairs: int, groups: int, pushes: bool) -> AsyncIterator[World]:
    """One whose node can push, or not."""
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(stores())
        urls = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        keys = {"PUSH_WEB_KEY": new_key(), "PUSH_CONTACT": "mailto:us@example.org"} if pushes else {}
        node = Served(**urls, **_NODE, **keys)
        await node.start()
        stack.push_async_callback(node.stop)
        database = await asyncpg.connect(servers.database_url)
        stack.push_async_callback(database.close)
        [account] = await signed_up(node.address, ["female"])
        ana = await Person.come(int(node.address.rpartition(":")[2]), account)
        stack.push_async_callback(leave, [ana])
        made = World(servers, node, database, ana)
        await made.settle(pairs=pairs, groups=groups)
        yield made
