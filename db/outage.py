"""How Postgres and Redis fail when they are away: answered `unavailable`, never `internal`.

At the start it is a sentence for the operator instead, which names the setting to look at.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from redis.exceptions import BusyLoadingError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from core.errors import Unavailable

OUTAGES: tuple[type[Exception], ...] = (
    OSError,
    RedisConnectionError,
    RedisTimeoutError,
    BusyLoadingError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # its word for a connection that broke in the middle of a transaction
)
# The same where a store of ours has already put it into the catalogue's word.
AWAY: tuple[type[Exception], ...] = (*OUTAGES, Unavailable)


class UnusableError(Exception):
    """A server that was given cannot be used, in a sentence for the operator."""


@contextmanager
def needed(server: str, setting: str) -> Iterator[None]:
    """What refuses in this block is `server`: raises `UnusableError`, which names the `setting`."""
    try:
        yield
    except (*OUTAGES, asyncpg.PostgresError, RedisError) as error:
        raise UnusableError(f"{server} cannot be used ({error}): see {setting}.") from error
