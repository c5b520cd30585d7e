"""PostgreSQL: made once, started directly and never through its launcher, which would outlive us.

A cluster is made beside its place and moved there when it is complete, so that one whose making was
interrupted is never used.
"""

import asyncio
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import asyncpg

from db.embedded.account import Account
from db.embedded.errors import EmbeddedError
from db.embedded.folder import make_folder
from db.embedded.keeper import Run
from db.embedded.process import NOTHING, Program

Say = Callable[[str], None]
MAJOR = "18"
FIRST_START = Path(__file__).with_name("first_start.sql")
INITDB = (
    *("--username=postgres", "--auth-local=trust", "--auth-host=reject", "--no-instructions"),
    *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)
CONFIGURATION = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "synchronous_commit": "on",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_statement": "none",
}


class Postgres:
    """One cluster: how it is made, what to run for it, where it answers."""

    name = "PostgreSQL"

    def __init__(self, data: Path, prefix: Path, sockets: Path, account: Account | None, say: Say) -> None:
        self.folder = data / "postgres"
        self.journal = data / "postgres.log"
        self._prefix = prefix
        self._sockets = sockets
        self._account = account
        self._say = say

    @property
    def url(self) -> str:
        """Where it answers, for any client of libpq's URLs."""
        return f"postgresql://realtime@/realtime?host={quote(str(self._sockets), safe='/')}"

    @property
    def program(self) -> Program:
        """The server itself."""
        options = {**CONFIGURATION, "unix_socket_directories": str(self._sockets)}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return self._program("postgres", self.folder, *settings)

    def exists(self) -> bool:
        """Whether there is a cluster. Raises `EmbeddedError` when another version made it."""
        version = self.folder / "PG_VERSION"
        if not version.exists():
            return False
        if (found := version.read_text().strip()) != MAJOR:
            raise EmbeddedError(
                f"{self.folder} was made by PostgreSQL {found}, and this is {MAJOR}. "
                "Move it away and restore a dump of it, or set DATA_DIR to another folder."
            )
        return True

    async def create(self, run: Run) -> None:
        """Make the cluster with its role and database."""
        self._say(f"Creating the database in {self.folder} (first start, a few seconds)…")
        new = self.folder.with_name("postgres.new")
        await asyncio.to_thread(shutil.rmtree, new, ignore_errors=True)
        make_folder(new, self._account)
        await run(self._program("initdb", new, *INITDB))
        await run(self._program("postgres", new, "-j", "postgres", first="--single", stdin=FIRST_START))
        if self.folder.exists():
            self.folder.rmdir()  # refuses when there is anything in it
        new.rename(self.folder)

    async def answers(self) -> bool:
        """Whether it takes connections now; while it starts or recovers it does not."""
        try:
            connection = await asyncpg.connect(self.url, timeout=5)
        except (OSError, asyncpg.CannotConnectNowError, TimeoutError):
            return False
        await connection.close()
        return True

    def _program(
        self, binary: str, folder: Path, *options: str, first: str = "", stdin: Path = NOTHING
    ) -> Program:
        # Root's folder may be closed to the account: there it is reached as the directory it was started in.
        place = "/proc/self/cwd" if self._account else str(folder)
        return Program(
            name=self.name,
            argv=(str(self._prefix / "bin" / binary), *([first] if first else []), "-D", place, *options),
            folder=folder,
            journal=self.journal,
            stop_signal=signal.SIGINT,  # "fast": ends connections, writes a checkpoint
            account=self._account,
            stdin=stdin,
        )
