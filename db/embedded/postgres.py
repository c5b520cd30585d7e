"""The embedded PostgreSQL: its data is made once, and it is started directly (`pg_ctl`'s would outlive us).

The data folder (PostgreSQL calls it a cluster) is made under another name and renamed when it is complete,
so that one whose making was interrupted is never used.
"""

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import asyncpg

from db.embedded.account import SystemUser
from db.embedded.errors import EmbeddedError
from db.embedded.folder import make_private_folder, shown
from db.embedded.process import Program
from db.embedded.supervisor import Run

Say = Callable[[str], None]
MAJOR = "18"
FIRST_START = Path(__file__).with_name("first_start.sql")
EVERY_START = Path(__file__).with_name("every_start.sql")
INITDB = (
    *("--username=postgres", "--auth-local=trust", "--auth-host=reject", "--no-instructions"),
    *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)
NOT_YET = (
    *(OSError, TimeoutError, asyncpg.InterfaceError),
    *(asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError),
)
CONFIGURATION = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "synchronous_commit": "on",
    "max_connections": "400",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Names and messages of people must not get into the log; the client is told about a refused statement.
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


def url_at(sockets: Path) -> str:
    """The URL of the server whose socket is in this folder."""
    return f"postgresql://realtime@/realtime?host={quote(str(sockets), safe='/')}"


class Postgres:
    """One cluster: how it is made, which program runs it, and its URL."""

    name = "PostgreSQL"

    def __init__(self, data: Path, prefix: Path, sockets: Path, account: SystemUser | None, say: Say) -> None:
        self.folder = data / "postgres"
        self.journal = data / "postgres.log"
        self._prefix = prefix
        self._sockets = sockets
        self._account = account
        self._say = say

    @property
    def url(self) -> str:
        """Its URL, for any client that reads libpq's URLs."""
        return url_at(self._sockets)

    @property
    def program(self) -> Program:
        """The server itself."""
        options = {**CONFIGURATION, "unix_socket_directories": f'"{self._sockets}"'}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return self._program(self.folder, "postgres", "-D", self._place(self.folder), *settings)

    async def prepare(self, run: Run) -> None:
        """Make the cluster if there is none. Raises `EmbeddedError` if another version made it."""
        version = self.folder / "PG_VERSION"
        if not version.exists():
            await self._create(run)
        elif (found := version.read_text().strip()) != MAJOR:
            raise EmbeddedError(
                f"{self.folder} was made by PostgreSQL {found}, and this is {MAJOR}. "
                "Move it away and restore a dump of it, or set DATA_DIR to another folder."
            )

    async def _create(self, run: Run) -> None:
        if self.folder.exists() and any(self.folder.iterdir()):
            raise EmbeddedError(
                f"{self.folder} is no database: move it away, or set DATA_DIR to another folder."
            )
        self._say(f"Creating the database in {shown(self.folder)} (first start, a few seconds)…")
        new = self.folder.with_name("postgres.new")
        await asyncio.to_thread(shutil.rmtree, new, ignore_errors=True)
        make_private_folder(new, self._account)
        initdb = self._program(new, "initdb", "-D", self._place(new), *INITDB)
        single = self._program(new, "postgres", "--single", "-D", self._place(new), "-j", "postgres")
        await run(replace(initdb, stop_signal=signal.SIGTERM))
        await run(replace(single, stop_signal=signal.SIGTERM, input=FIRST_START.read_bytes()))
        new.rename(self.folder)
        await asyncio.to_thread(_sync, self.folder.parent)

    async def answers(self) -> bool:
        """Whether it accepts connections; it does not while it starts or recovers."""
        try:
            connection = await asyncpg.connect(self.url, timeout=5)
        except NOT_YET:
            return False
        except (
            asyncpg.PostgresError
        ):  # too many connections, say: it is there, and will tell its users itself
            return True
        await connection.close()
        return True

    async def settle(self) -> None:
        """What a cluster of an earlier version lacks; it has to answer."""
        connection = await asyncpg.connect(self.url, user="postgres")
        try:
            await connection.execute(EVERY_START.read_text())
        finally:
            await connection.close()

    def _place(self, folder: Path) -> str:
        """A name of the folder, for a program started in it, by which the account can always reach it."""
        by_itself = "/proc/self/cwd"
        return by_itself if self._account and Path(by_itself).exists() else str(folder)

    def _program(self, folder: Path, binary: str, *options: str) -> Program:
        return Program(
            name=self.name,
            argv=(str(self._prefix / "bin" / binary), *options),
            folder=folder,
            journal=self.journal,
            stop_signal=signal.SIGINT,  # "fast": ends connections, writes a checkpoint
            account=self._account,
        )


def _sync(folder: Path) -> None:
    """Write a folder to disk: only then does a renamed one in it keep its name through a power failure."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
