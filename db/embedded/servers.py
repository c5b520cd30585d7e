"""The embedded servers as one block: own the folder, clean up after a dead owner, start, stop at the end."""

import asyncio
import contextlib
import os
import pwd
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from db.embedded.account import SystemUser, choose_account
from db.embedded.binaries import Binaries, locate, reachable
from db.embedded.errors import EmbeddedError, FolderInUse
from db.embedded.folder import claimed, runtime_of
from db.embedded.postgres import Postgres, url_at
from db.embedded.redis import Redis, redis_url_at
from db.embedded.runtime import runtime_folder, sockets
from db.embedded.supervisor import Supervisor
from db.embedded.watchdog_client import WatchdogClient

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Urls:
    """The servers' URLs, for any process of the same user; empty for a server that was not asked for."""

    database_url: str = ""
    redis_url: str = ""


class EmbeddedServers:
    """The servers of one data folder, all of them or those that were asked for."""

    def __init__(
        self, watchdog: WatchdogClient, postgres: Postgres | None, redis: Redis | None, say: Say
    ) -> None:
        self._postgres = postgres
        self._redis = redis
        self._say = say
        self._supervisors = [
            Supervisor(server, watchdog, say) for server in (postgres, redis) if server is not None
        ]
        self._names = " and ".join(supervisor.name for supervisor in self._supervisors)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, data_dir: Path, *, postgres: bool, redis: bool, log: Say) -> AsyncIterator[Urls]:
        """Run the servers asked for until the end of the block; `log` gets one line a step.

        Raises `EmbeddedError`, a sentence for the operator, when they cannot be started.
        """
        if not postgres and not redis:
            yield Urls()
            return
        data = Path(os.path.abspath(data_dir))  # noqa: PTH100, ASYNC240 - no file is touched
        binaries = locate(postgres=postgres, redis=redis)
        account = choose_account(data, pwd.getpwall())
        async with contextlib.AsyncExitStack() as stack:
            try:
                servers = await cls._prepare(stack, data, binaries, account, log)
                await servers.start()
            except OSError as error:
                raise EmbeddedError(_explained(error, data, account)) from error
            yield servers.urls

    @classmethod
    @contextlib.asynccontextmanager
    async def reached(cls, data_dir: Path, *, postgres: bool, redis: bool, log: Say) -> AsyncIterator[Urls]:
        """The URLs of the folder's servers. Unless they run already, they run until the end of the block.

        Raises `EmbeddedError` if they cannot be started.
        """
        async with contextlib.AsyncExitStack() as stack:
            try:
                urls = await stack.enter_async_context(
                    cls.open(data_dir, postgres=postgres, redis=redis, log=log)
                )
            except FolderInUse:
                place = sockets(runtime_of(data_dir))
                urls = Urls(url_at(place) if postgres else "", redis_url_at(place) if redis else "")
            yield urls

    @classmethod
    @contextlib.asynccontextmanager
    async def database(cls, data_dir: Path, log: Say) -> AsyncIterator[str]:
        """The URL of the folder's PostgreSQL, the same way."""
        async with cls.reached(data_dir, postgres=True, redis=False, log=log) as urls:
            yield urls.database_url

    @classmethod
    async def _prepare(
        cls,
        stack: contextlib.AsyncExitStack,
        data: Path,
        binaries: Binaries,
        account: SystemUser | None,
        say: Say,
    ) -> "EmbeddedServers":
        claim = stack.enter_context(claimed(data))
        await claim.tidy(say)
        runtime = stack.enter_context(runtime_folder(account))
        claim.note(runtime, account)
        if account is not None:
            say(f"Running as root: PostgreSQL and Redis run as the user {account.name}.")
            binaries = await asyncio.to_thread(reachable, binaries, account, runtime, say)
        watchdog = WatchdogClient(runtime, say)
        stack.push_async_callback(watchdog.close)
        place = sockets(runtime)
        servers = cls(
            watchdog,
            Postgres(data, binaries.postgres, place, account, say) if binaries.postgres else None,
            Redis(data, binaries.redis, place, account) if binaries.redis else None,
            say,
        )
        stack.push_async_callback(servers.stop)
        return servers

    @property
    def urls(self) -> Urls:
        """Their URLs."""
        return Urls(
            self._postgres.url if self._postgres else "",
            self._redis.url if self._redis else "",
        )

    async def start(self) -> None:
        """Start all at once and return when all answer. Raises `EmbeddedError` otherwise."""
        begun = time.monotonic()
        self._say(f"Starting {self._names}…")
        try:
            async with asyncio.TaskGroup() as group:
                for supervisor in self._supervisors:
                    group.create_task(supervisor.start())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        if self._postgres is not None:
            await self._postgres.settle()
        self._say(f"{self._names} answered after {time.monotonic() - begun:.1f} s.")

    async def stop(self) -> None:
        """Stop all at once, cleanly."""
        if all(await asyncio.gather(*(supervisor.stop() for supervisor in self._supervisors))):
            self._say(f"{self._names} stopped.")


def _explained(error: OSError, data: Path, account: SystemUser | None) -> str:
    place = error.filename or data
    if account is not None and isinstance(error, PermissionError):
        return (
            f"This root may not hand {place} over to the user {account.name}, as in a container without "
            "CAP_CHOWN and CAP_SETUID. Run as an ordinary user, or set DATABASE_URL and REDIS_URL."
        )
    return f"{place} cannot be used: {error.strerror or error}."
