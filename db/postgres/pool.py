"""PostgreSQL: the pool, and SQL by name. Stores own their queries; this module owns how they are run."""

import asyncio
import math
import re
import sys
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias, cast

import asyncpg
import msgspec

from core.timing import Timing
from db.outage import OUTAGES, Outages, reason
from db.postgres.hosts import Hosts
from db.postgres.pooled_connection import PooledConnection, UnpreparedConnection
from db.postgres.turns import Holder, Turns

_SQL = Path(__file__).parent
FILES = sorted(path.stem for path in _SQL.glob("*.sql"))
# By this those are told apart that do not know what is encrypted (data_keys.sql).
_WHO = {"application_name": "realtime-connect, reads encrypted"}
# What sessions are to be like. A pooler has to see to it for those that it shares (deploy/pgbouncer).
SESSION = {
    "idle_in_transaction_session_timeout": "10s",
    "client_connection_check_interval": "1s",
    # A statement of ours is long and reads few rows, so planning costs several times what it then does; and
    # none has a plan that is good for some who ask and bad for others. Nor does compiling one ever pay.
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
}
# A row lock is a write that leaves nothing behind and waits for nobody.
_PROBE = "SELECT 1 FROM public.alembic_version FOR UPDATE SKIP LOCKED"
_UNLIKE = """
    SELECT name FROM unnest($1::text[], $2::text[]) AS wanted (name, value)
    WHERE current_setting(name, true) IS DISTINCT FROM value ORDER BY name
"""
_ELSEWHERE_S = 1.0  # between two times that all connections are taken for those of a server of the past
_TIME = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
_WAIT_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_MARK = re.compile(r"^-- (name|own|both): (\w+)$", re.MULTILINE)

# The driver has no types of its own: these names say what is meant, the checker takes them as given.
Pool: TypeAlias = asyncpg.Pool
Connection: TypeAlias = asyncpg.Connection
Record: TypeAlias = asyncpg.Record


async def _speak_plainly(connection: Connection) -> None:
    """Ids are text and JSON is values everywhere here."""
    await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str, format="text")
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: msgspec.json.encode(value).decode(),
        decoder=msgspec.json.decode,
        format="text",
    )


class _PatientPool(asyncpg.Pool):  # type: ignore[misc]
    """Nobody waits longer than `patience_s` for a connection; outages are told from faults of ours."""

    def __init__(self, url: str, *, patience_s: float, outages: Outages, **given: Any) -> None:
        super().__init__(url, timeout=patience_s, command_timeout=patience_s, **given)
        self.outages = outages
        self.patience_s = patience_s
        self._waiting = 0
        self._left_at = -math.inf
        self.waits = Timing(_WAIT_S)

    async def _initialize(self) -> None:
        await super()._initialize()
        self._queue = self._turns = Turns(self._loop, self._holders)  # in place of the driver's own

    def acquire(self, *, timeout: float | None = None) -> "_Loan":  # noqa: ARG002 - the driver's word
        """A connection of one's own, in `async with`."""
        return _Loan(self)

    # Single statements, which are nearly all there are.

    def fetch(self, query: str, *args: Any) -> Awaitable[list[Record]]:
        """All rows."""
        return self._rows(query, args, 0)

    async def fetchrow(self, query: str, *args: Any) -> Record | None:
        """The first row."""
        found = await self._rows(query, args, 1)
        return found[0] if found else None

    async def fetchval(self, query: str, *args: Any) -> Any:
        """The first value of the first row."""
        found = await self._rows(query, args, 1)
        return found[0][0] if found else None

    async def _rows(self, query: str, args: Sequence[Any], limit: int) -> list[Record]:
        """By a connection that is free, or as soon as there is one; it needs to be hidden from nobody."""
        if (holder := self._ready()) is None:
            holder = await self._opened()
        bare = holder._con
        holder._maybe_cancel_inactive_callback()
        holder._in_use = self._loop.create_future()
        try:
            given, _, _ = await bare.done(query, args, limit)
        except BaseException as error:
            await self.over(holder, bare, error)
            raise
        if self._takes_back(holder, bare):  # as nearly always
            self.outages.worked()
        else:
            await self.over(holder, bare, None)
        return cast("list[Record]", given)

    async def failed(self, error: BaseException) -> None:
        """An outage is told of; after a time-out all that lies idle may be as dead.

        So may all belong to a server that takes no writes any more, when another one does now.
        """
        self.outages.failed(error)
        if isinstance(error, TimeoutError) or self._is_the_first(error):
            await self.expire_connections()
            for holder in self._holders:
                if holder.is_idle():  # or the driver bids it farewell later, and logs that nobody answers
                    holder.terminate()

    def _is_the_first(self, error: BaseException) -> bool:
        """Of those that a server without writes has refused, for now: where there is no other, they go on."""
        now = self._loop.time()
        if not isinstance(error, asyncpg.ReadOnlySQLTransactionError) or now < self._left_at + _ELSEWHERE_S:
            return False
        self._left_at = now
        return True

    async def one(self) -> Connection:
        """A connection, until its loan is `over`. Raises an outage when there is none in time."""
        if (holder := self._ready()) is None:
            holder = await self._opened()
        # One that was opened just now is lent already. To take another one waits for nothing.
        return holder._proxy or await holder.acquire()

    def _ready(self) -> Holder | None:
        """What holds a connection that is free and open, which needs no time limit to take; or None."""
        if self._closing or (holder := self._turns.take()) is None:
            return None
        if self._is_open(holder):
            return holder
        self._turns.put_nowait(holder)
        return None

    def _is_open(self, holder: Holder) -> bool:
        return holder.is_connected() and bool(holder._generation == self._generation)

    async def _opened(self) -> Holder:
        """The same, when it is the caller's turn, and a connection is opened where none is."""
        self._waiting += 1
        begun = self._loop.time()
        try:
            return await self._by_turns(begun + self.patience_s)
        except OUTAGES as error:
            await self.failed(error)
            raise
        finally:
            self._waiting -= 1
            self.waits.add(self._loop.time() - begun)

    async def _by_turns(self, until: float) -> Holder:
        try:
            if self._closing:
                raise asyncpg.InterfaceError("the pool is closing")
            if (holder := self._turns.take()) is None:
                holder = await self._turns.next(until)
            if not self._is_open(holder):
                await self._open(holder, until)
        except TimeoutError:
            # Not the server's time-out: those who have a connection may be served, only slowly.
            raise ConnectionError("no connection to PostgreSQL has become free") from None
        except (OSError, asyncpg.InterfaceError, asyncpg.PostgresError) as error:
            raise ConnectionError(f"PostgreSQL lets nobody in: {reason(error)}") from error
        return holder

    async def _open(self, holder: Holder, until: float) -> None:
        try:
            async with asyncio.timeout_at(until):
                await holder.acquire()
        except BaseException:
            self._turns.put_nowait(holder)
            raise
        holder._timeout = None

    async def over(self, holder: Any, bare: Connection, error: BaseException | None) -> None:
        """A loan of this connection has ended, with this error if any. Raises an outage that it hides."""
        if error is None and self._takes_back(holder, bare):
            self.outages.worked()
            return
        # The driver's own errors mean a fault of ours, unless the connection is gone.
        own = isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError)
        lost = None
        if own and bare.is_closed():
            lost = ConnectionError(f"the connection to PostgreSQL was lost: {error}")
        # Where a statement was given up, its connection goes while it is given back.
        with suppress(asyncpg.InternalClientError):
            await self._see_to(holder, bare)
        if error is None:
            self.outages.worked()
            return
        await self.failed(lost or error)
        if lost:
            raise lost from error

    def _takes_back(self, holder: Any, bare: Connection) -> bool:
        """Whether the connection is as it was, and free again."""
        if (
            holder._con is not bare
            or holder._generation != self._generation
            or bare.is_closed()
            or bare.is_in_transaction()
            or bare._top_xact is not None
            or bare._protocol._is_cancelling()
            or bare._protocol.queries_count >= holder._max_queries
        ):
            return False
        bare._pool_release_ctr += 1  # who has kept something of it is told so
        holder._release()
        holder._setup_inactive_callback()
        return True

    async def _see_to(self, holder: Any, bare: Connection) -> None:
        """The driver, in a task of its own, sees to a connection that is not, or may not be, as it was."""
        if holder._con is not bare:  # it broke, and the driver has taken it back already
            return
        if holder._generation != self._generation:
            bare.terminate()  # it may be dead: to close it would be to wait, and to fail what is done already
            return
        bare._pool_release_ctr += 1
        await asyncio.shield(holder.release(self.patience_s))

    @property
    def waiting(self) -> int:
        """How many wait for a connection now; `waits` says how long those did who had to."""
        return self._waiting

    async def time_ms(self) -> int:
        """What its clock says."""
        return int(await self.fetchval(_TIME))

    async def unlike(self) -> list[str]:
        """What of a session is not as it is to be."""
        return [row["name"] for row in await self.fetch(_UNLIKE, list(SESSION), list(SESSION.values()))]

    async def check_writes(self) -> None:
        """Raises what an outage raises when PostgreSQL takes no writes, or has refused one lately."""
        await self.fetchval(_PROBE)
        self.outages.check_writes()

    async def close(self, within_s: float | None = None) -> None:
        """Close all connections; those that somebody still waits with are cut after a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.patience_s if within_s is None else within_s):
                await super().close()


class _Loan:
    """A connection of one's own for as long as the block lasts."""

    __slots__ = ("_amid", "_bare", "_holder", "_pool")

    def __init__(self, pool: _PatientPool) -> None:
        self._pool, self._amid = pool, sys.exception()

    async def __aenter__(self) -> Connection:
        connection = await self._pool.one()
        self._holder, self._bare = connection._holder, connection._con
        return connection

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        try:
            await self._pool.over(self._holder, self._bare, error)
        finally:
            if self._hides_cancellation(error):
                raise asyncio.CancelledError from error

    def _hides_cancellation(self, error: BaseException | None) -> bool:
        """Whether the driver raises that it cannot undo a transaction in which the task was cancelled.

        A loan that was taken amid that, to clean up, hides nothing by its own error.
        """
        task = asyncio.current_task()
        if task is None or not task.cancelling():
            return False
        while error and isinstance(error, (*OUTAGES, asyncpg.InterfaceError, asyncpg.InternalClientError)):
            error = error.__context__
        return isinstance(error, asyncio.CancelledError) and error is not self._amid


async def _forget_nothing(_: Connection) -> None:
    """No statement of ours leaves anything behind in its session: that saves a round trip each time."""


async def open_pool(
    url: str,
    *,
    size: int,
    patience_s: float = 10,
    outages: Outages | None = None,
    prepared: bool = True,
    name: str = "PostgreSQL",
) -> Pool:
    """A pool of at most `size` connections. Raises OSError or asyncpg's errors when the server refuses.

    Not `prepared`: by a pooler that shares sessions, keeps none of our statements, and sets what they are
    like. The server itself gives up on a transaction whose node has gone or stands still, and on its locks.
    """
    return await _PatientPool(
        url,
        patience_s=patience_s,
        outages=outages or Outages(name),
        init_size=1,
        min_size=0,  # or the driver goes on trying by itself, with a traceback each time
        max_size=size,
        max_queries=50_000,
        max_inactive_connection_lifetime=300.0,
        loop=asyncio.get_running_loop(),
        init=_speak_plainly,
        reset=_forget_nothing,
        connect=Hosts(url).connect,
        connection_class=PooledConnection if prepared else UnpreparedConnection,
        record_class=asyncpg.Record,
        server_settings={**_WHO, **SESSION} if prepared else _WHO,
    )


def queries(file: str) -> Mapping[str, str]:
    """The statements of `db/postgres/<file>.sql`: each follows a line `-- name: x` and what it does.

    They run as the owner. A line `-- own: x` is for those of `own_rows.py` alone, `-- both: x` for either.
    """
    return MappingProxyType(marked(file, "name", "both"))


def marked(file: str, *marks: str) -> dict[str, str]:
    """Those of the file that are marked so, by name."""
    parts = _MARK.split((_SQL / f"{file}.sql").read_text())
    each = zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    return {name: text.strip() for mark, name, text in each if mark in marks}
