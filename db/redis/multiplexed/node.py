"""One server: keeps a connection to it while there is something to ask, and what waits for one."""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import structlog
from redis.exceptions import AuthenticationError, NoScriptError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from core.later import another
from db.outage import Outages
from db.redis.multiplexed.address import Address
from db.redis.multiplexed.connection import Connection, Owner
from db.redis.multiplexed.deadlines import TICKS, Deadlines
from db.redis.multiplexed.errors import shut_out
from db.redis.multiplexed.request import NEVER, Own, Request

_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 0.3
_SILENT_TICKS = 2  # after which another server may have taken over
_MOST_WAITING_BYTES = 16 * 1024 * 1024
_log = structlog.get_logger()


class Router:
    """Who knows what a connection is for, and of other servers. This one knows of none."""

    async def arrived(self, _node: "Node", _connection: Connection, _hello: Sequence[Any], /) -> bool:
        """Redis has let us in. Whether the node is to keep this connection."""
        return True

    def address_of(self, node: "Node", /) -> Address:
        """Where it is to connect to."""
        return node.address

    def unreachable(self) -> None:
        """A server that is needed lets nobody in, or is silent."""

    def redirected(self, _node: "Node", _request: Request, _error: Exception, /) -> bool:
        """Whether another server was asked what this one has refused."""
        return False


class Traffic:
    """Of all connections of one client: how many were lost that had served."""

    resets = 0


class Node:
    """Answers each request, or has it fail: see `RedisClient`.

    One that `stays` is connected also while nobody asks.
    """

    def __init__(
        self,
        address: Address,
        *,
        patience_s: float,
        outages: Outages,
        deadlines: Deadlines,
        router: Router,
        new_connection: Callable[[Owner], Connection] = Connection,
        stays: bool = False,
        traffic: Traffic | None = None,
    ) -> None:
        self._traffic = traffic or Traffic()
        self.address, self._patience_s = address, patience_s
        self.version: tuple[int, ...] = ()  # as its server has said, if somebody asks for it
        self._outages, self._deadlines = outages, deadlines
        self._router, self._new_connection = router, new_connection
        self._stays = stays
        self._connection: Connection | None = None
        self._opening: asyncio.Task[None] | None = None
        self._loop, self._opened_at = asyncio.get_running_loop(), -math.inf
        self._waiting: deque[Request] = deque()
        self._waiting_bytes = 0
        self._closed = False
        self.asked, self.answered = deadlines.watch, outages.worked

    @property
    def unanswered(self) -> int:
        """What was asked for and has no answer, gone out or not."""
        return len(self._waiting) + (self._connection.unanswered if self._connection else 0)

    @property
    def is_connected(self) -> bool:
        """Whether it answers, as far as anybody knows."""
        return self._connection is not None

    @property
    def is_opening(self) -> bool:
        """Whether there may soon be a connection."""
        return self._opening is not None

    def ask(self, request: Request) -> None:
        """Its future ends in time."""
        connection = self._connection
        if connection is not None and connection.takes and not self._waiting:
            connection.send(request)
        else:
            self._wait(request)

    def _wait(self, request: Request) -> None:
        if self._closed:
            request.fail(RedisConnectionError("The client is closed."))
            return
        if self._waiting_bytes > _MOST_WAITING_BYTES:
            error = RedisConnectionError("It does not read what waits already.")
            self._outages.failed(error)
            request.fail(error)
            return
        request.close()
        self._waiting.append(request)
        self._waiting_bytes += len(request.packed)
        self._deadlines.watch()
        self._open()

    def _open(self) -> None:
        if self._connection is None and self._opening is None and not self._closed:
            self._opening = asyncio.create_task(self._connect())

    async def _connect(self) -> None:
        """Until there is a connection, or nobody waits for one."""
        pause_s = _PAUSE_S
        try:
            if self._loop.time() < self._opened_at + _LONGEST_PAUSE_S:  # it comes and goes
                await asyncio.sleep(_PAUSE_S)
            while self._waiting or self._stays:
                try:
                    connection = await self._connected()
                except RedisError as error:
                    self._outages.failed(error)
                    self._keep(request for request in self._waiting if request.survives(error))
                    self._router.unreachable()
                except Exception as fault:  # of ours: nobody is to wait for what will not come
                    _log.exception("Redis cannot be connected to")
                    for request in self._waiting:
                        request.fail(fault)
                    self._keep(())
                else:
                    self._connection, self._opened_at = connection, self._loop.time()
                    self.writable()
                    return
                if self._waiting or self._stays:
                    await asyncio.sleep(pause_s)
                    pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        finally:
            self._opening = None

    async def _connected(self) -> Connection | None:
        """Raises RedisError. None: its servers are known now, and what was asked has gone to them."""
        connection, kept = self._new_connection(self), False
        try:
            async with asyncio.timeout(self._patience_s):
                await self._router.address_of(self).connect(lambda: connection)
                hello, *_ = await self._greeted(connection)
                kept = await self._router.arrived(self, connection, hello)
                connection.check()
        except OSError as fault:
            raise self._shut_out(fault) from fault
        finally:
            if not kept:
                connection.end(RedisConnectionError("It is not needed."))
        return connection if kept else None

    async def _greeted(self, connection: Connection) -> Sequence[Any]:
        try:
            return await connection.ask(self.address.greeting)
        except (AuthenticationError, RedisConnectionError) as error:
            raise self._shut_out(error) from error

    def _shut_out(self, error: OSError | RedisError) -> RedisError:
        return shut_out(error, tls=self.address.tls is not None, known=self._opened_at > -math.inf)

    def writable(self) -> None:
        """What waits goes out, for as long as Redis reads."""
        connection, waiting = self._connection, self._waiting
        while connection is not None and waiting and connection.takes:
            request = waiting.popleft()
            if not request.future.done():
                connection.send(request)
        self._keep(waiting)

    def lost(self, sent: Sequence[Request], unsent: Sequence[Request], error: Exception) -> None:
        """What may be repeated, or was never sent, goes to the next connection."""
        if self._connection is not None:
            self._traffic.resets += 1
        self._connection = None
        again_too = [request for request in sent if self._may_go_again(request, error)]
        still = [request for request in unsent if request.survives(error)]
        self._keep((*again_too, *still, *self._waiting))
        if self._waiting:
            self._deadlines.watch()
        if self._waiting or self._stays:
            self._open()

    def _may_go_again(self, request: Request, error: Exception) -> bool:
        if not request.may_be_repeated():
            request.fail(another(error))
            return False
        return request.survives(error)

    def refused(self, connection: Connection, request: Request, error: Exception) -> None:
        """A script that Redis has forgotten is sent with its text; in a cluster another server may serve."""
        error = request.cause(error)
        if isinstance(request, Own) or request.future.done():
            request.fail(error)
        elif isinstance(error, NoScriptError) and request.script and request.survives(error):
            connection.forgot(request.script.sha)
            self.ask(request)
        elif not self._router.redirected(self, request, error):
            self._outages.failed(error)
            request.fail(error)

    def look(self, tick: int) -> bool:
        """Ends what has expired, and a connection that has not answered in time. Whether anybody waits."""
        connection, sent = self._connection, self._connection.sent if self._connection else ()
        first = min((request.expires for request in (*sent, *self._waiting)), default=NEVER)
        if connection is not None and any(request.expires <= tick for request in sent):
            error: RedisError = RedisTimeoutError("It does not answer.")
            self._outages.failed(error)
            for request in sent:
                if request.expires <= tick:
                    request.fail(another(error))
            connection.end(error)
        for request in self._waiting:
            if request.expires <= tick:
                error = self._shut_out(TimeoutError())
                self._outages.failed(error)
                request.fail(error)
        if first <= tick + TICKS - _SILENT_TICKS:
            self._router.unreachable()
        self._keep(request for request in self._waiting if not request.future.done())
        return bool(self._waiting or (self._connection and not self._connection.is_idle))

    def hang_up(self) -> None:
        """Close the connection, as if it had broken."""
        if self._connection is not None:
            self._connection.end(RedisConnectionError("It was hung up."))

    def leave(self) -> None:
        """It does not stay any longer."""
        self._stays = False
        self.hang_up()

    def take_waiting(self) -> Sequence[Request]:
        """All that waits for a connection, to be asked elsewhere."""
        waiting = tuple(self._waiting)
        self._keep(())
        return waiting

    def _keep(self, requests: Iterable[Request]) -> None:
        self._waiting = deque(requests)
        self._waiting_bytes = sum(len(request.packed) for request in self._waiting)

    async def close(self) -> None:
        """What has gone out is not waited for."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        if self._connection is not None:
            await self._connection.close()
        for request in self._waiting:
            request.fail(RedisConnectionError("The client is closed."))
        self._keep(())
