"""`python -m tests.fuzz`: many broken payloads to a product of its own, on a PostgreSQL and Redis of its own.

Prints a line for each thousand, and at the end what each command answered and what was wrong: an `internal`,
a connection that was closed, a traceback in the log. Ends with 1 if anything was.
"""

import argparse
import asyncio
import io
import logging
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import structlog

from composition.realtime import running
from core.settings import Settings
from db.embedded import EmbeddedServers, Urls
from tests.fuzz.rounds import ROUND, Findings, fuzz
from tests.integration.person import Person
from tests.stores.world import world_at

_LINE_EACH = 1000


def _settings(urls: Urls, folder: Path) -> Settings:
    return Settings(
        port=0,
        database_url=urls.database_url,
        redis_url=urls.redis_url,
        rate_limits="off",
        password_memory_kib=8,
        password_passes=1,
        log_level="WARNING",
        data_dir=str(folder),
    )


def _log_to(log: io.StringIO) -> None:
    """Our own lines and those of libraries."""
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[structlog.processors.add_log_level, plain],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(log),
    )
    logging.basicConfig(level=logging.WARNING, stream=log, force=True)


def _progress() -> Callable[[int, Findings], None]:
    begun = time.monotonic()

    def tell(done: int, findings: Findings) -> None:
        if done % _LINE_EACH < ROUND:
            took = time.monotonic() - begun
            print(f"{done:>7} sent, {len(findings.wrong)} wrong, {done / took:.0f} a second", flush=True)

    return tell


async def _run(count: int, seed: int, folder: Path) -> Findings:
    async with AsyncExitStack() as stack:
        opening = EmbeddedServers.open(folder, postgres=True, redis=True, log=lambda _: None)
        settings = _settings(await stack.enter_async_context(opening), folder)
        address = await stack.enter_async_context(running(settings))
        world = await stack.enter_async_context(world_at(settings.database_url))
        web = await stack.enter_async_context(aiohttp.ClientSession())
        sign_up: Callable[..., Awaitable[Person]] = lambda **what: Person.sign_up(address, web, **what)  # noqa: E731
        return await fuzz(world, sign_up, count, seed, _progress())


def _told(findings: Findings, log: str) -> int:
    for answer, times in sorted(findings.answers.items()):
        print(f"{times:>7} {answer}")
    problems: list[Any] = list(findings.wrong)
    if "Traceback" in log:
        problems.append(f"in the log:\n{log[log.index('Traceback') :][:5000]}")
    print("\n".join(problems or ["Nothing was wrong."]))
    return 1 if problems else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    log = io.StringIO()
    _log_to(log)
    with tempfile.TemporaryDirectory(prefix="rc-fuzz-") as folder:
        findings = asyncio.run(_run(options.count, options.seed, Path(folder)))
    return _told(findings, log.getvalue())


if __name__ == "__main__":
    sys.exit(main())
