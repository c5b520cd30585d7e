"""A product of its own, on a PostgreSQL and Redis of its own, for what is run by hand."""

import io
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import structlog

from composition.realtime import running
from core.settings import Settings
from db.embedded import EmbeddedServers, Urls
from tests.integration.person import Person
from tests.stores.world import World, world_at


class Product:
    """Where it answers, and who may use it."""

    def __init__(self, address: str, world: World, web: aiohttp.ClientSession) -> None:
        self.address, self.world, self._web = address, world, web

    async def sign_up(self, **what: Any) -> Person:
        return await Person.sign_up(self.address, self._web, **what)


@asynccontextmanager
async def product(folder: Path) -> AsyncIterator[Product]:
    """It is there as long as the block lasts."""
    async with AsyncExitStack() as stack:
        opening = EmbeddedServers.open(folder, postgres=True, redis=True, log=lambda _: None)
        settings = _settings(await stack.enter_async_context(opening), folder)
        address = await stack.enter_async_context(running(settings))
        world = await stack.enter_async_context(world_at(settings.database_url))
        web = await stack.enter_async_context(aiohttp.ClientSession())
        yield Product(address, world, web)


def _settings(urls: Urls, folder: Path) -> Settings:
    return Settings(
        port=0,
        database_url=urls.database_url,
        redis_url=urls.redis_url,
        rate_limits="off",
        staff_totp="when_on",
        mail="outbox",
        sms="outbox",
        password_memory_kib=8,
        password_passes=1,
        log_level="WARNING",
        data_dir=str(folder),
    )


def log_to(log: io.StringIO) -> None:
    """Our own lines and those of libraries."""
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[structlog.processors.add_log_level, plain],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(log),
    )
    logging.basicConfig(level=logging.WARNING, stream=log, force=True)


def told(wrong: list[str], log: str) -> int:
    """Print what was wrong, a traceback in the log included; gives how the program ends."""
    problems = list(wrong)
    if "Traceback" in log:
        problems.append(f"in the log:\n{log[log.index('Traceback') :][:5000]}")
    print("\n".join(problems or ["Nothing was wrong."]))
    return 1 if problems else 0
