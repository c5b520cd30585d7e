"""Redis: the pool of connections. Stores own their keys; this module owns how they are reached.

Nobody waits for Redis longer than its patience: for a connection, for an answer, or for both together.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, cast

from redis.asyncio import Connection, ConnectionPool, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.connection import AbstractConnection, DefaultParser, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from db.outage import REDIS, Outages, RefusedError

# At the head of an answer, or inside what a script says about the command that failed.
_REFUSAL = re.compile(rf"(?:^|-)({'|'.join(REDIS)}) ")


class _Parser(DefaultParser):  # type: ignore[valid-type,misc]  # the client picks it when it is imported
    @classmethod
    def parse_error(cls, response: str) -> Exception:
        if refusal := _REFUSAL.search(response):
            return REDIS[refusal[1]](response)
        return cast("Exception", super().parse_error(response))


class _Patient(AbstractConnection):
    """Tells of outages, and notices that a connection is gone where the client does not.

    The bus writes and listens in tasks of their own, and each opens a connection that it finds closed:
    one does, and until Redis has let it in there is no connection for the others.
    """

    def __init__(self, *, outages: Outages, **given: Any) -> None:
        super().__init__(**given)
        self._outages = outages
        self._loop = asyncio.get_running_loop()
        self._opening = asyncio.Lock()
        self._opener: asyncio.Task[Any] | None = None
        self.opened_at = 0.0
        self.broken = False

    @property
    def is_connected(self) -> bool:
        """Whether this task may write and read."""
        there = self._reader is not None and self._writer is not None
        return there and (self._opener is None or self._opener is asyncio.current_task())

    async def connect_check_health(self, *args: Any, **given: Any) -> None:
        if self.is_connected:
            return
        if self._opener is asyncio.current_task():  # it broke before Redis had let us in
            await super().connect_check_health(*args, **given)
            return
        try:
            # One bound for all attempts: a black hole is not tried again and again.
            async with asyncio.timeout(self.socket_connect_timeout), self._opening:
                if self.is_connected:
                    return
                self._opener = asyncio.current_task()
                try:
                    await super().connect_check_health(*args, **given)
                finally:
                    self._opener = None
        except TimeoutError:
            await self.disconnect(nowait=True)
            error = RedisTimeoutError("It does not let anybody in.")
            self._break(error)
            raise error from None
        except RedisConnectionError as error:
            self._break(error)
            raise
        self.opened_at, self.broken = self._loop.time(), False

    async def disconnect(self, *args: Any, **given: Any) -> None:
        if self._opener in (None, asyncio.current_task()):  # else what broke is not there any more
            await super().disconnect(*args, **given)

    async def send_packed_command(
        self,
        command: bytes | str | Iterable[bytes],
        check_health: bool = True,  # noqa: ARG002 - we ask for none
    ) -> None:
        """As the client's own, which needs a task for each command and lets uvloop's RuntimeError through."""
        if not self.is_connected:
            await self.connect_check_health(check_health=False)
        packed = command.encode() if isinstance(command, str) else command
        assert self._writer is not None
        transport = self._writer.transport
        try:
            if transport.is_closing():
                raise ConnectionResetError("the connection was reset")
            self._writer.writelines([packed] if isinstance(packed, bytes) else packed)
            if transport.get_write_buffer_size():
                async with asyncio.timeout(self.socket_timeout):
                    await self._writer.drain()
        except TimeoutError:
            await self.disconnect(nowait=True)
            error = RedisTimeoutError("It does not read.")
            self._break(error)
            raise error from None
        except (OSError, RuntimeError) as fault:
            if isinstance(fault, RuntimeError) and not transport.is_closing():
                raise
            await self.disconnect(nowait=True)
            cut = RedisConnectionError(f"The connection was lost: {fault}")
            self._break(cut)
            raise cut from fault
        except BaseException:  # half a command may have been sent
            await self.disconnect(nowait=True)
            raise

    async def read_response(self, *args: Any, **given: Any) -> Any:
        try:
            answer = await super().read_response(*args, **given)
        except (RedisConnectionError, RedisTimeoutError) as error:
            self._break(error)
            raise
        except RefusedError as error:
            self._outages.failed(error)
            raise
        self._outages.worked()
        return answer

    def _break(self, error: Exception) -> None:
        self.broken = True
        # A connection that was closed is opened again at once; only if that fails, Redis does not answer.
        if not self.opened_at or isinstance(error, RedisTimeoutError):
            self._outages.failed(error)
        self.opened_at = 0.0


class _Tcp(_Patient, Connection):
    pass


class _Tls(_Patient, SSLConnection):
    pass


class _Unix(_Patient, UnixDomainSocketConnection):
    pass


_KINDS: dict[type[AbstractConnection], type[_Patient]] = {
    Connection: _Tcp,
    SSLConnection: _Tls,
    UnixDomainSocketConnection: _Unix,
}


class _WaitingPool(ConnectionPool):
    """At most so many connections; a caller that finds none free waits for a while.

    Giving one back awaits nothing, so a cancelled caller never keeps one. When one breaks, idle ones may have
    broken too: they are opened again before they are used.
    """

    def __init__(self, *, patience_s: float, max_connections: int, **given: Any) -> None:
        super().__init__(max_connections=max_connections, **given)
        self._patience_s = patience_s
        self._places = asyncio.Semaphore(max_connections)
        self._broke_at = 0.0

    async def get_connection(self, *_: Any, **__: Any) -> AbstractConnection:
        if self._places.locked():
            await self._wait()
        else:
            await self._places.acquire()
        connection = cast("_Patient", self.get_available_connection())  # type: ignore[no-untyped-call]
        try:
            if connection.opened_at < self._broke_at:
                await connection.disconnect(nowait=True)
            await self.ensure_connection(connection)
        except BaseException:
            self._put_back(connection)
            raise
        return connection

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._patience_s):
                await self._places.acquire()
        except TimeoutError:
            raise RedisTimeoutError("No connection has become free.") from None

    async def release(self, connection: AbstractConnection) -> None:
        self._put_back(cast("_Patient", connection))

    def _put_back(self, connection: _Patient) -> None:
        if connection.broken:
            self._broke_at = asyncio.get_running_loop().time()
        self._in_use_connections.remove(connection)
        self._available_connections.append(connection)
        self._places.release()


@asynccontextmanager
async def open_redis(
    url: str, *, size: int, patience_s: float = 10, outages: Outages | None = None
) -> AsyncIterator[Redis]:
    """At most `size` connections. Waiting for one, or for an answer, ends in time with an error of an outage.

    A command whose connection was closed is tried again at once and twice more, within half a second: every
    script of ours may be repeated. One that was not answered in time is not tried again: it would not be
    answered then either.
    """
    given: dict[str, Any] = {**parse_url(url)}
    kind = _KINDS[given.pop("connection_class", Connection)]
    pool = _WaitingPool(
        connection_class=kind,
        max_connections=size,
        patience_s=patience_s,
        parser_class=_Parser,
        outages=outages or Outages("Redis"),
        socket_timeout=patience_s,
        socket_connect_timeout=patience_s,
        retry=Retry(ExponentialBackoff(cap=0.3, base=0.05), 3, (RedisConnectionError,)),
        **given,
    )
    async with Redis.from_pool(pool) as redis:
        yield redis


async def check_writes(redis: Redis) -> None:
    """Raises what an outage raises when Redis takes no writes."""
    await redis.set("probe", 1, px=10_000)
