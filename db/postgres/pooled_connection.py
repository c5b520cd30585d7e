"""A connection of the pool: how its statements are run, broken off, and taken along where none is known."""

from collections.abc import Sequence
from typing import Any, cast

import asyncpg


class PooledConnection(asyncpg.Connection):  # type: ignore[misc]  # the driver has no types
    """A statement that nobody waits for any more takes its connection along.

    The driver would ask the server to cancel it, and let the pool and every rollback wait until it has.
    """

    def _cancel_current_command(self, *_: Any) -> None:
        self._loop.call_soon(self.terminate)

    async def rows(self, query: str, args: Sequence[Any], limit: int) -> list[asyncpg.Record]:
        """What one statement gives."""
        given, _, _ = await self.done(query, args, limit)
        return cast("list[asyncpg.Record]", given)

    async def done(self, query: str, args: Sequence[Any], limit: int) -> tuple[Any, bytes, bool]:
        """Rows, what was done, and whether all of it was.

        What was prepared here goes by none of the driver's detours.
        """
        known = self._stmt_cache.get((query, asyncpg.Record, False))
        if known is None or self._query_loggers:
            done: tuple[Any, bytes, bool] = await self._execute(query, args, limit, None, return_status=True)
            return done
        try:
            done = await self._protocol.bind_execute(known, args, "", limit, True, None)
        except asyncpg.exceptions.InvalidCachedStatementError:
            if self.is_in_transaction():
                self._drop_global_statement_cache()
                raise
            done = await self._execute(query, args, limit, None, return_status=True)  # it is prepared anew
        except asyncpg.exceptions.OutdatedSchemaCacheError:  # it was done
            await self.reload_schema_state()
            raise
        return done

    # The same within a transaction. With the driver's own words it goes the driver's way.

    async def fetch(self, query: str, *args: Any, **more: Any) -> list[asyncpg.Record]:
        """All rows."""
        if more:
            given: list[asyncpg.Record] = await super().fetch(query, *args, **more)
            return given
        self._check_open()
        return await self.rows(query, args, 0)

    async def fetchrow(self, query: str, *args: Any, **more: Any) -> asyncpg.Record | None:
        """The first row."""
        if more:
            return await super().fetchrow(query, *args, **more)
        self._check_open()
        found = await self.rows(query, args, 1)
        return found[0] if found else None

    async def execute(self, query: str, *args: Any, **more: Any) -> str:
        """What was done, in Postgres' words. Without arguments it may be several statements."""
        if more or not args:
            done: str = await super().execute(query, *args, **more)
            return done
        self._check_open()
        _, status, _ = await self.done(query, args, 0)
        return status.decode()


class UnpreparedConnection(PooledConnection):
    """Behind a pooler that gives each transaction whichever session is free, where no statement is known.

    What a statement takes and gives is asked once, and kept. Its text goes along each time, in the same trip.
    """

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        # Or the driver, when it learns of a type, turns `jit` off in one session and on again in another.
        self._server_caps: Any = self._server_caps._replace(jit=False)

    async def _get_statement(self, query: str, patience_s: float | None, **given: Any) -> Any:
        statement = await super()._get_statement(query, patience_s, **{**given, "named": ""})
        statement.mark_unprepared()
        return statement
