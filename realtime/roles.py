"""What an operator does to accounts from the command line: give a role, ban, unban. Also while a server runs.

Endpoints look a role up at each request, and nodes look for new bans: what is done here holds soon enough.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from core.clock import now_ms
from core.settings import Settings
from core.vocabulary import Role
from db.embedded import EmbeddedServers
from db.migrations.migrate import migrate
from db.outage import needed
from db.postgres.accounts import AccountStore
from db.postgres.bans import BanStore, NewBan
from db.postgres.pool import Pool, open_pool
from services.bans import Bans

_log = structlog.get_logger()


async def give_role(settings: Settings, login: str, role: Role) -> bool:
    """Whoever signs in with this address or username has the role from now on; False: nobody does."""
    async with _pool(settings) as pool:
        return await AccountStore(pool).set_role(login, role, now_ms())


async def ban(settings: Settings, login: str, *, reason: str, until: int | None) -> None:
    """Whoever signs in so is banned from now on, until that time in ms or for good.

    Raises `NotFound` for nobody, `InvalidRequest`.
    """
    async with _pool(settings) as pool:
        bans = Bans(BanStore(pool))
        await bans.ban(NewBan(user_id=await bans.of_login(login), reason=reason, until=until), now_ms())


async def unban(settings: Settings, login: str) -> bool:
    """Whoever signs in so is banned no more; False: they were not. Raises `NotFound` for nobody."""
    async with _pool(settings) as pool:
        bans = Bans(BanStore(pool))
        return await bans.unban(await bans.of_login(login), None, now_ms())


@asynccontextmanager
async def _pool(settings: Settings) -> AsyncIterator[Pool]:
    async with _database(settings) as url:
        with needed("PostgreSQL", "DATABASE_URL"):
            await migrate(url, _log)
            pool = await open_pool(url, size=1)
        try:
            yield pool
        finally:
            await pool.close()


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[str]:
    if settings.database_url:
        yield settings.database_url
        return
    async with EmbeddedServers.database(Path(settings.data_dir), _log.info) as url:
        yield url
