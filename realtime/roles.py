"""What an operator does to accounts from the command line: give somebody a role. Works while a server runs.

Endpoints look a role up at each request, so what is done here holds at once.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from core.clock import now_ms
from core.settings import Settings
from core.vocabulary import Role
from db.accounts import AccountStore
from db.embedded import EmbeddedServers
from db.migrate import migrate
from db.outage import needed
from db.postgres import open_pool

_log = structlog.get_logger()


async def give_role(settings: Settings, login: str, role: Role) -> bool:
    """Whoever signs in with this address or username has the role from now on; False: nobody does."""
    async with _database(settings) as url:
        with needed("PostgreSQL", "DATABASE_URL"):
            await migrate(url, _log)
            pool = await open_pool(url, size=1)
        try:
            return await AccountStore(pool).set_role(login, role, now_ms())
        finally:
            await pool.close()


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[str]:
    if settings.database_url:
        yield settings.database_url
        return
    async with EmbeddedServers.database(Path(settings.data_dir), _log.info) as url:
        yield url
