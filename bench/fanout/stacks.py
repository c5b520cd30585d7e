"""The servers that are compared, each as so many nodes as wanted, on one Redis."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from bench.commands.stacks import NODE_PROGRAM, PRODUCT, Node, Stores

Stack = Literal["ours", "stock", "node"]
STACKS: tuple[Stack, ...] = ("ours", "stock", "node")
# Rows: who tells, by which command.
COMMANDS: dict[Stack, dict[str, str]] = {
    "ours": {"ours, kept for who is away": "tell", "ours, volatile": "tell:volatile"},
    "stock": {"python-socketio, AsyncRedisManager": "tell"},
    "node": {"Node.js, @socket.io/redis-adapter": "tell"},
}
_SERVER = Path(__file__).parent / "node" / "server.mjs"


async def _start(stack: Stack, stores: Stores) -> Node:
    urls = stores.urls
    if stack == "ours":
        env = {**PRODUCT, "DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url}
        return await Node.run([sys.executable, "-m", "bench.fanout.product"], env)
    if stack == "stock":
        return await Node.run([sys.executable, "-m", "bench.fanout.stock", urls.redis_url], {})
    socket = unquote(urlsplit(urls.redis_url).path)
    return await Node.run([NODE_PROGRAM, str(_SERVER), socket], {"NODE_ENV": "production"})


class Cluster:
    """Nodes of one stack. They tell on the first one, and hear on the last one."""

    def __init__(self, stack: Stack, stores: Stores) -> None:
        self._stack, self._stores = stack, stores
        self.nodes: list[Node] = []

    async def grow(self, size: int) -> None:
        """Until there are so many nodes. They start one after the other, as they share a core."""
        while len(self.nodes) < size:
            self.nodes.append(await _start(self._stack, self._stores))

    async def stop(self) -> None:
        """All of them."""
        await asyncio.gather(*(node.stop() for node in self.nodes))

    @property
    def pids(self) -> Sequence[int]:
        return [node.pid for node in self.nodes]

    @property
    def ports(self) -> Sequence[int]:
        return [node.port for node in self.nodes]
