"""A PostgreSQL of one's own: the embedded 18 or Debian's 15, and a standby that streams from it."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import psutil

from db.embedded.binaries import Binaries, locate, reachable
from db.embedded.postgres import NOT_YET
from db.embedded.process import Child
from tests.machines.room import Room, end, family, frozen, room, until
from tests.programs import missing

DEBIAN = Path("/usr/lib/postgresql")
INITDB = (
    *("--username=postgres", "--auth=trust", "--no-sync", "--no-instructions"),
    *("--encoding=UTF8", "--locale=C.UTF-8"),
)
# What the machine would lose in a power failure is lost with the tests anyway.
CONFIGURATION = {"fsync": "off", "max_connections": "200", "timezone": "UTC", "max_wal_senders": "8"}
# The server's role is no superuser, and `app_user` is made by an administrator, as the guide says.
BEGINNING = (
    "CREATE ROLE app_user NOLOGIN",
    "CREATE ROLE realtime LOGIN CREATEDB",
    "GRANT app_user TO realtime",
    "CREATE DATABASE realtime OWNER realtime",
)


def postgres_15() -> Path:
    """Where Debian's 15 is installed."""
    if not (found := DEBIAN / "15").joinpath("bin/postgres").exists():
        missing("postgresql-15 is not installed")
    return found


class PostgresServer:
    """`url` is what a product is given: its role is no superuser."""

    def __init__(self, of: Room, name: str, prefix: Path, options: dict[str, str], port: int) -> None:
        self.folder, self.sockets = of.place(name), of.place(f"{name}.at")
        self.port = port
        self._room, self._prefix, self._options = of, prefix, options
        self._child: Child | None = None
        self._standbys = 0

    @property
    def url(self) -> str:
        """By TCP where it was asked for, else by its socket."""
        return self._url("realtime")

    @property
    def superuser_url(self) -> str:
        """The same for an administrator."""
        return self._url("postgres")

    def _url(self, user: str) -> str:
        if self.port:
            return f"postgresql://{user}@127.0.0.1:{self.port}/realtime"
        return f"postgresql://{user}@/realtime?host={quote(str(self.sockets), safe='/')}"

    async def tell(self, statement: str, *args: Any, database: str = "postgres") -> Any:
        """As an administrator; gives the first value of the first row."""
        connection = await self._connect(database)
        try:
            return await connection.fetchval(statement, *args)
        finally:
            await connection.close()

    async def _connect(self, database: str) -> Any:
        return await asyncpg.connect(
            host=str(self.sockets),
            port=self.port or 5432,
            user="postgres",
            database=database,
            timeout=30,
            ssl=False,
        )

    async def make(self) -> None:
        """A new one, with what a deployment's administrator does first."""
        await self._room.run(str(self._prefix / "bin/initdb"), "-D", str(self.folder), *INITDB)
        await self.start()
        for statement in BEGINNING:
            await self.tell(statement)

    async def start(self) -> None:
        """Until it takes connections; again at the same port, if it has one."""
        options = {**CONFIGURATION, **self._options, "unix_socket_directories": f'"{self.sockets}"'}
        options |= {"listen_addresses": "127.0.0.1" if self.port else ""}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        if self.port:
            settings += ["-p", str(self.port)]
        self._child = self._room.start(
            self.folder.name, self.folder,
            str(self._prefix / "bin/postgres"), "-D", str(self.folder), *settings, stop=signal.SIGINT,
        )  # fmt: skip
        await until(self._answers, self._child)

    async def _answers(self) -> bool:
        try:
            connection = await self._connect("postgres")
        except NOT_YET:
            return False
        await connection.close()
        return True

    async def kill(self) -> None:
        """As by SIGKILL, with all its processes: a machine that is gone."""
        assert self._child is not None
        for process in family(self._child.pid) if self._child.running else []:
            with suppress(psutil.NoSuchProcess):  # it has ended with the first
                process.kill()
        await self._end()

    async def stop(self) -> None:
        """In good order: connections end, and all is written."""
        assert self._child is not None
        await self._child.stop(30)
        await self._end()

    async def restart(self, how: signal.Signals = signal.SIGINT) -> None:
        """Away for a moment."""
        await (self.kill() if how == signal.SIGKILL else self.stop())
        await self.start()

    def frozen(self) -> AbstractContextManager[None]:
        """All its processes, as by SIGSTOP, for as long as the block lasts."""
        assert self._child is not None
        return frozen(self._child.pid)

    @asynccontextmanager
    async def standby(self, **options: str) -> AsyncIterator["PostgresServer"]:
        """Streams from this one, and is `standby1`, `standby2` … in `synchronous_standby_names`."""
        self._standbys += 1
        name = f"standby{self._standbys}"
        port = self._room.ports.take() if self.port else 0
        other = PostgresServer(self._room, name, self._prefix, {**self._options, **options}, port)
        place = f"host={self.sockets} user=postgres application_name={name}"
        if self.port:
            place += f" port={self.port}"
        copy = ("-D", str(other.folder), "-d", place, "-X", "stream", "-c", "fast", "--no-sync", "-R")
        await self._room.run(str(self._prefix / "bin/pg_basebackup"), *copy)
        # That file quotes what the copy was made by, whose name is another's here.
        with (other.folder / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"\nprimary_conninfo = '{place}'\n")
        try:
            await other.start()
            yield other
        finally:
            await other._end()

    @asynccontextmanager
    async def beside(self, name: str, **options: str) -> AsyncIterator["PostgresServer"]:
        """Another one of the same programs, whose folder is empty: whoever fills it starts it."""
        port = self._room.ports.take() if self.port else 0
        other = PostgresServer(self._room, name, self._prefix, options, port)
        try:
            yield other
        finally:
            await other._end()

    async def run(self, *argv: str, **environment: str) -> None:
        """What its user runs, with its programs at hand. Raises `AssertionError` with the last words."""
        at_hand = {"PATH": f"{self._prefix / 'bin'}:/usr/local/bin:/usr/bin:/bin", **environment}
        given = (f"{name}={value}" for name, value in at_hand.items())
        await self._room.run("env", *given, *argv)

    async def promote(self) -> None:
        """A standby becomes a primary; returns when it takes writes."""
        assert await self.tell("SELECT pg_promote(true, 60)")

    async def until_streaming(self, standby: "PostgresServer") -> None:
        """The standby hears all that is written here from now on."""
        asked = "SELECT count(*) FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming'"
        async with asyncio.timeout(60):
            while not await self.tell(asked, standby.folder.name):
                await asyncio.sleep(0.02)

    async def _end(self) -> None:
        if self._child is not None:
            await end(self._child, self._room.watchdog)


@asynccontextmanager
async def postgres_server(
    *, prefix: Path | None = None, tcp: bool = False, **options: str
) -> AsyncIterator[PostgresServer]:
    """The embedded one unless `prefix` is `postgres_15()`. `options` as in postgresql.conf."""
    async with room() as of:
        found = prefix or _embedded(of)
        server = PostgresServer(of, "primary", found, options, of.ports.take() if tcp else 0)
        try:
            await server.make()
            yield server
        finally:
            await server._end()


def _embedded(of: Room) -> Path:
    """The wheel's, which its user may have to reach in a copy; that has what makes a standby as well."""
    there = locate(postgres=True, redis=False).postgres
    assert there is not None
    if of.account is None:
        return there
    found = reachable(Binaries(there, None), of.account, of.folder, lambda _: None).postgres
    assert found is not None
    if found != there:
        shutil.copy2(there / "bin/pg_basebackup", found / "bin/pg_basebackup")
        (found / "bin/pg_basebackup").chmod(0o755)
    return found
