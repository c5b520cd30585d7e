"""The two servers, and the database that both use: filled once and kept, and copied for each run."""

import hashlib
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import asyncpg
import structlog
from msgspec import Struct
from redis.asyncio import Redis

from bench.commands.meters import Meters
from bench.commands.stacks import PROJECT, Node
from bench.rest.filling import Filling
from core.settings import Settings
from db.embedded import EmbeddedServers
from db.migrations.migrate import migrate
from db.postgres import check_in_statements, locations, notifications, posts, redemptions
from db.postgres.pool import queries

Flavour = Literal["ours", "peer"]
FLAVOURS: tuple[Flavour, ...] = ("ours", "peer")
HERE = Path(__file__).parent
DATA = PROJECT / ".data" / "bench-rest"
_PEER_PYTHON = PROJECT / ".venv" / "bench-rest" / "bin" / "python"
_RUN = "run"
_OFTEN = "1000000000"
# Limits apply, but none of them to what is measured.
_SETTINGS = {
    "HOST": "127.0.0.1",
    "PORT": "0",
    "LOG_LEVEL": "ERROR",
    "REQUESTS_PER_M": _OFTEN,
    "REQUESTS_BURST": _OFTEN,
    "NETWORK_REQUESTS_PER_M": _OFTEN,
    "NETWORK_REQUESTS_BURST": _OFTEN,
    "CHECK_INS_PER_H": _OFTEN,
    "CHECK_INS_BURST": _OFTEN,
    "REDEMPTIONS_PER_M": _OFTEN,
    "REDEMPTIONS_BURST": _OFTEN,
}


class Stores(Struct, frozen=True):
    """One PostgreSQL and one Redis; `database` is a connection beside what is measured."""

    url: str
    redis_url: str
    meters: Meters
    database: asyncpg.Connection

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator["Stores"]:
        """Run them in this folder."""
        async with EmbeddedServers.open(folder, postgres=True, redis=True, log=lambda _: None) as urls:
            redis = Redis.from_url(urls.redis_url)
            database = await asyncpg.connect(urls.database_url)
            try:
                yield cls(urls.database_url, urls.redis_url, await Meters.of(redis, database), database)
            finally:
                await database.close()
                await redis.aclose()

    def of(self, name: str) -> str:
        """The address of a database."""
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    @asynccontextmanager
    async def copied(self, rows: int) -> AsyncIterator[str]:
        """A database with so many rows, to write into; gives its address."""
        await self.database.execute(f"DROP DATABASE IF EXISTS {_RUN} WITH (FORCE)")
        source = await self.filled(rows)
        _say(f"copying {source}")
        await self.database.execute(f"CREATE DATABASE {_RUN} TEMPLATE {source} STRATEGY file_copy")
        try:
            yield self.of(_RUN)
        finally:
            await self.database.execute(f"DROP DATABASE {_RUN} WITH (FORCE)")

    async def filled(self, rows: int) -> str:
        """The name of one with so many rows, of today's schema. Filled anew where the filling has changed."""
        known = await self.database.fetch(
            "SELECT datname FROM pg_database WHERE datname LIKE $1", f"filled\\_{rows}\\_%"
        )
        name = f"filled_{rows}_{_version()}"
        if name in (there := {row["datname"] for row in known}):
            await migrate(self.of(name), structlog.get_logger())
            return name
        for old in (*there, "filling"):
            await self.database.execute(f"DROP DATABASE IF EXISTS {old}")
        _say(f"filling {name}, which is kept in {DATA.relative_to(PROJECT)}")
        await self.database.execute("CREATE DATABASE filling")
        await migrate(self.of("filling"), structlog.get_logger())
        connection = await asyncpg.connect(self.of("filling"))
        try:
            await Filling(connection, rows, datetime.now(UTC).date()).run()
        finally:
            await connection.close()
        await self.database.execute(f"ALTER DATABASE filling RENAME TO {name}")
        return name


def _version() -> str:
    """Of how it is filled."""
    files = HERE / "filling.py", PROJECT / "tests" / "stores" / "places.py"
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


async def started(flavour: Flavour, stores: Stores, url: str) -> Node:
    """A server on this database, on the servers' core."""
    if flavour == "ours":
        env = {**_SETTINGS, "DATABASE_URL": url, "REDIS_URL": stores.redis_url}
        return await Node.run([sys.executable, "-m", "rest"], env, terminates=True)
    settings = Settings()
    given = {
        "url": url.replace("postgresql://", "postgresql+asyncpg://", 1),
        "sql": _statements(),
        "files_ms": settings.file_address_s * 1000,
        "most_a_day": settings.check_ins_a_day,
    }
    return await Node.run(
        [str(_PEER_PYTHON), "-m", "bench.rest.peer", json.dumps(given)], {}, terminates=True
    )


def _statements() -> dict[str, str]:
    """Those of the product that the peer asks too."""
    check_ins, journeys, keys = queries("check_ins"), queries("journeys"), queries("idempotency")
    return {
        "standing": queries("sessions")["standing"],
        "visible_card": queries("profiles")["visible_card"],
        "feed": posts.FEED,
        "near": locations.NEAR,
        "these": locations.THESE,
        "claim": keys["claim"],
        "keep": keys["keep"],
        "place": check_ins["place"],
        "around": check_ins["around"],
        "write_check_in": check_in_statements.WRITE,
        "lock_users": queries("user_locks")["lock_users"],
        "held": journeys["held"],
        "write_journey": journeys["write"],
        "reward_rules": queries("rewards")["rules"],
        "redeem": redemptions.REDEEM,
        "notify": notifications.NOTIFY,
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr)
