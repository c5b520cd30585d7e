"""A process that dies amid a transaction: its connection is gone, and whatever it had not committed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from db.postgres.pool import Connection, Pool


class Died(Exception):
    """It did."""


class DyingPool:
    """Those who use it die before their statement number `last`; a COMMIT is one too."""

    def __init__(self, pool: Pool, last: int) -> None:
        self._pool, self._left = pool, last

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        async with self._pool.acquire() as connection:
            yield _Dying(self, connection)

    def step(self, connection: Connection) -> None:
        """One statement more."""
        self._left -= 1
        if self._left < 0:
            connection.terminate()
            raise Died


class _Dying:
    def __init__(self, pool: DyingPool, connection: Connection) -> None:
        self._pool, self._connection = pool, connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        async with self._connection.transaction():
            yield
            self._pool.step(self._connection)

    def __getattr__(self, name: str) -> Any:
        """Any way to perform a statement."""

        async def perform(*given: Any) -> Any:
            self._pool.step(self._connection)
            return await getattr(self._connection, name)(*given)

        return perform
