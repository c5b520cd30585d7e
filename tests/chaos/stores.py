"""The stores below the nodes, as processes of one's own that faults may treat as they like."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from db.embedded import EmbeddedServers


@dataclass(frozen=True, slots=True)
class Stores:
    """Where they answer."""

    database_url: str
    redis_url: str


@asynccontextmanager
async def open_stores(folder: Path) -> AsyncIterator[Stores]:
    """Both, for as long as the block lasts."""
    async with EmbeddedServers.open(folder, postgres=True, redis=True, log=lambda *_: None) as urls:
        yield Stores(urls.database_url, urls.redis_url)
