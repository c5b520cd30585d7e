"""How Postgres and Redis fail when they do not answer or are full: answered `unavailable`, never `internal`.

Faults of ours are not in the list, so that they are found. A driver's error that may mean both is decided in
`db/postgres/pool.py` and `db/redis/multiplexed/`. At the start of a program an outage is a sentence for
the operator instead, which names the setting to look at.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from socket import gaierror

import asyncpg
import structlog
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from core.errors import Unavailable

QUIET_S = 5.0
_log = structlog.get_logger()


class RefusedError(ResponseError):
    """Redis answers, and serves nobody: it starts, runs an endless script, or has lost its master."""


class WritesRefusedError(RefusedError):
    """Redis answers, and takes no writes: its memory or disk is full, or it is a replica."""


# What Redis says when it cannot, by the first word of its answer. Too many clients are a connection error.
REDIS: Mapping[str, type[RefusedError]] = {
    "OOM": WritesRefusedError,  # `maxmemory` is reached
    "MISCONF": WritesRefusedError,  # it cannot save
    "READONLY": WritesRefusedError,  # it is a replica
    "NOREPLICAS": WritesRefusedError,  # fewer than `min-replicas-to-write`
    "MASTERDOWN": RefusedError,  # a replica without its master, that is to give no old answers
    "CLUSTERDOWN": RefusedError,  # a cluster that does not have all of its slots
    "TRYAGAIN": RefusedError,  # a cluster that has moved one of several keys already
    "LOADING": RefusedError,  # it has started, and reads its data
    "BUSY": RefusedError,  # a script has run for longer than `lua-time-limit`
}

# What PostgreSQL says when it is there and takes no writes, by SQLSTATE...
POSTGRES_FULL: tuple[type[Exception], ...] = (
    asyncpg.ReadOnlySQLTransactionError,  # 25006: a standby, or `default_transaction_read_only`
    asyncpg.DiskFullError,  # 53100
    asyncpg.PostgresSystemError,  # 58: input or output has failed
)
# ... and when it cannot serve.
POSTGRES_AWAY: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,  # 08: the connection was lost
    asyncpg.InsufficientResourcesError,  # 53: memory, connections, room for temporary files
    asyncpg.LockNotAvailableError,  # 55P03: `lock_timeout`
    asyncpg.OperatorInterventionError,  # 57: shut down, crashed, starting, cancelled, `statement_timeout`
)
FULL: tuple[type[Exception], ...] = (WritesRefusedError, *POSTGRES_FULL)
OUTAGES: tuple[type[Exception], ...] = (
    *POSTGRES_FULL,
    *POSTGRES_AWAY,
    RefusedError,
    RedisConnectionError,
    RedisTimeoutError,
    # Of the network, from either: no other OSError, as of a file that is missing.
    ConnectionError,
    TimeoutError,
    gaierror,
)
# The same where a store of ours has already put it into the catalogue's word.
AWAY: tuple[type[Exception], ...] = (*OUTAGES, Unavailable)


class Outage:
    """Says once that `what` has begun, and once that it is over, however many notice.

    It is over with the first success after `quiet_s` without a failure: one that comes and goes is one.
    """

    def __init__(
        self, what: str, *, quiet_s: float = QUIET_S, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._what, self._quiet_s, self._monotonic = what, quiet_s, monotonic
        self._begun = self._latest = 0.0
        self._failures = 0
        self.lasts = False

    def failed(self, error: BaseException) -> None:
        """Once more."""
        self._latest = self._monotonic()
        self._failures += 1
        if not self.lasts:
            self.lasts, self._begun, self._failures = True, self._latest, 1
            _log.warning(f"{self._what}: begun", error=reason(error))

    def worked(self) -> None:
        """What failed before has succeeded."""
        if self.lasts and self._monotonic() - self._latest >= self._quiet_s:
            self.lasts = False
            lasted = round(self._latest - self._begun, 1)
            _log.warning(f"{self._what}: over", lasted_s=lasted, failures=self._failures)


class Outages:
    """Of one server: that it is away, and that it takes no writes, which no success in reading ends."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._away = Outage(f"{server} does not answer", quiet_s=1.0)
        self._full = Outage(f"{server} takes no writes", quiet_s=2 * QUIET_S)

    def failed(self, error: BaseException) -> None:
        """One that is no outage says nothing."""
        if isinstance(error, FULL):
            self._full.failed(error)
        elif isinstance(error, OUTAGES):
            self._away.failed(error)

    def worked(self) -> None:
        """It has answered."""
        if self._away.lasts or self._full.lasts:
            self._away.worked()
            self._full.worked()

    def check_writes(self) -> None:
        """Raises `ConnectionError` while it takes no writes, as far as anybody here has noticed."""
        if self._full.lasts:
            raise ConnectionError(f"{self._server} takes no writes.")


class UnusableError(Exception):
    """A server that was given cannot be used, in a sentence for the operator."""


@contextmanager
def needed(server: str, setting: str) -> Iterator[None]:
    """What refuses in this block is `server`: raises `UnusableError`, which names the `setting`."""
    try:
        yield
    except (*OUTAGES, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, RedisError) as error:
        raise UnusableError(f"{server} cannot be used ({reason(error)}): see {setting}.") from error


def reason(error: BaseException) -> str:
    """In words, also where a library says nothing."""
    silent = isinstance(error, TimeoutError | RedisTimeoutError | asyncio.TimeoutError)
    return str(error) or ("it does not answer" if silent else type(error).__name__)
