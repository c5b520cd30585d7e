"""How Postgres and Redis fail when they are away: answered `unavailable`, never `internal`."""

import asyncpg
from redis.exceptions import BusyLoadingError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

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
