"""PostgreSQL: the pool, and SQL by name. Stores own their queries; this module owns how they are run."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import asyncpg
import msgspec

from db.outage import OUTAGES, Outages, reason

_SQL = Path(__file__).with_name("sql")
_SERVER = {
    "application_name": "realtime-connect",
    "idle_in_transaction_session_timeout": "10s",
    "client_connection_check_interval": "1s",
}
# A row lock is a write that leaves nothing behind and waits for nobody.
_PROBE = "SELECT 1 FROM public.alembic_version FOR UPDATE SKIP LOCKED"
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)

# The driver has no types of its own: these names say what is meant, the checker takes them as given.
Pool: TypeAlias = asyncpg.Pool
Connection: TypeAlias = asyncpg.Connection
Record: TypeAlias = asyncpg.Record


async def _speak_plainly(connection: Connection) -> None:
    """Ids are text and JSON is values in this house."""
    await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str, format="text")
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: msgspec.json.encode(value).decode(),
        decoder=msgspec.json.decode,
        format="text",
    )


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # the driver has no types
    """A statement that nobody waits for any more takes its connection along.

    The driver would ask the server to cancel it, and let the pool and every rollback wait until it has.
    """

    def _cancel_current_command(self, *_: Any) -> None:
        self._loop.call_soon(self.terminate)


class _Pool(asyncpg.Pool):  # type: ignore[misc]
    """Nobody waits longer than `patience_s` for a connection; outages are told from faults of ours."""

    def __init__(self, url: str, *, patience_s: float, outages: Outages, **given: Any) -> None:
        super().__init__(url, timeout=patience_s, command_timeout=patience_s, **given)
        self.outages = outages
        self._patience_s = patience_s

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """A connection of one's own for as long as the block lasts."""
        try:
            connection = await self._one()
            try:
                with _translated(connection):
                    yield connection
            finally:
                # Where a statement was given up, its connection goes while it is given back.
                with suppress(asyncpg.InternalClientError):
                    await self.release(connection, timeout=self._patience_s)
        except OUTAGES as error:
            self.outages.failed(error)
            if isinstance(error, TimeoutError):  # what else lies idle may be as dead
                await self.expire_connections()
            raise
        self.outages.worked()

    async def _one(self) -> Connection:
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._acquire(None)
        except TimeoutError:
            # Not the server's time-out: those who have a connection may be served, only slowly.
            raise ConnectionError("no connection to PostgreSQL has become free") from None
        except (OSError, asyncpg.InterfaceError) as error:
            raise ConnectionError(f"PostgreSQL lets nobody in: {reason(error)}") from error

    async def check_writes(self) -> None:
        """Raises what an outage raises when PostgreSQL takes no writes, or has refused one lately."""
        await self.fetchval(_PROBE)
        self.outages.check_writes()

    async def close(self) -> None:
        """Close all connections; those that somebody still waits with are cut after a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience_s):
                await super().close()


@contextmanager
def _translated(connection: Connection) -> Iterator[None]:
    """The driver's own errors mean a fault of ours, unless the connection is gone."""
    try:
        yield
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        if connection.is_closed():
            raise ConnectionError(f"the connection to PostgreSQL was lost: {error}") from error
        raise


async def _forget_nothing(_: Connection) -> None:
    """No statement of ours leaves anything behind in its session: that saves a round trip each time."""


async def open_pool(url: str, *, size: int, patience_s: float = 10, outages: Outages | None = None) -> Pool:
    """A pool of at most `size` connections. Raises OSError or asyncpg's errors when the server refuses.

    The server itself gives up on a transaction whose node has gone or stands still, and so on its locks.
    """
    return await _Pool(
        url,
        patience_s=patience_s,
        outages=outages or Outages("PostgreSQL"),
        init_size=1,
        min_size=0,  # or the driver goes on trying by itself, with a traceback each time
        max_size=size,
        max_queries=50_000,
        max_inactive_connection_lifetime=300.0,
        loop=asyncio.get_running_loop(),
        init=_speak_plainly,
        reset=_forget_nothing,
        connection_class=_Connection,
        record_class=asyncpg.Record,
        server_settings=_SERVER,
    )


def queries(file: str) -> Mapping[str, str]:
    """The statements of `db/sql/<file>.sql`: each follows a line `-- name: x` and what it does."""
    parts = _NAME.split((_SQL / f"{file}.sql").read_text())
    return MappingProxyType(dict(zip(parts[1::2], (p.strip() for p in parts[2::2]), strict=True)))
