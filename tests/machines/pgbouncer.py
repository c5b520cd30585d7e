"""The real pgbouncer in front of a PostgreSQL, with the configuration of `deploy/`."""

import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit, urlunsplit

import asyncpg

from db.embedded.postgres import NOT_YET
from db.embedded.process import Child
from tests.machines.room import Room, end, frozen, room, until
from tests.programs import missing

FILE = Path(__file__).parents[2] / "deploy" / "pgbouncer" / "pgbouncer.ini"
_DATABASE = re.compile(r"^realtime = host=\S+ port=\d+ dbname=realtime (.*)$", re.MULTILINE)


class PgBouncer:
    """`url` leads through it to the database of the URL that it was given."""

    def __init__(
        self,
        of: Room,
        binary: str,
        behind: str,
        port: int,
        settings: dict[str, str],
        *,
        connect_query: bool = True,
        at: Path | None = None,
    ) -> None:
        self._connect_query = connect_query
        self.port, self._tcp = port or 6432, bool(port)
        self._room, self._binary, self._settings, self._behind = of, binary, settings, urlsplit(behind)
        self._folder = of.place("pgbouncer")
        self._at = at or self._folder
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """For a product."""
        return self.through(urlunsplit(self._behind))

    def through(self, url: str) -> str:
        """The way to any database of the server behind it."""
        parts = urlsplit(url)
        user = f"{parts.username}@" if parts.username else ""
        if self._tcp:
            return f"postgresql://{user}127.0.0.1:{self.port}{parts.path}"
        return (
            f"postgresql://{user}/{parts.path.lstrip('/')}"
            f"?host={quote(str(self._at), safe='/')}&port={self.port}"
        )

    async def start(self) -> None:
        """Until it answers."""
        parts = self._behind
        host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
        port = parse_qs(parts.query).get("port", [str(parts.port or 5432)])[0]
        users = {"realtime", "postgres", unquote(parts.username or "realtime")}
        (self._folder / "users.txt").write_text("".join(f'"{user}" ""\n' for user in sorted(users)))
        settings = {
            "listen_addr": "127.0.0.1" if self._tcp else "",
            "auth_type": "trust",
            "auth_file": str(self._folder / "users.txt"),
            "unix_socket_dir": str(self._at),
            "listen_port": str(self.port),
            **self._settings,
        }
        text = FILE.read_text()
        query = _DATABASE.search(text)
        assert query
        begins = query[1] if self._connect_query else ""
        text = _DATABASE.sub(lambda _: f"* = host={host} port={port} {begins}", text)
        # What is said again further down holds.
        said = "".join(f"{name} = {value}\n" for name, value in settings.items())
        file = self._folder / "pgbouncer.ini"
        file.write_text(text + said)
        for path in self._folder.iterdir():
            path.chmod(0o644)
        self._child = self._room.start("pgbouncer", self._folder, self._binary, str(file))
        await until(self._answers, self._child)

    async def _answers(self) -> bool:
        try:
            place = "127.0.0.1" if self._tcp else str(self._at)
            connection = await asyncpg.connect(
                host=place, port=self.port, user="postgres", database="postgres", timeout=5, ssl=False,
                statement_cache_size=0,
            )  # fmt: skip
        except NOT_YET:
            return False
        await connection.close()
        return True

    def frozen(self) -> AbstractContextManager[None]:
        """As by SIGSTOP, for as long as the block lasts."""
        assert self._child is not None
        return frozen(self._child.pid)

    async def kill(self) -> None:
        """As by SIGKILL."""
        await self._end()

    async def _end(self) -> None:
        if self._child is not None:
            await end(self._child, self._room.watchdog)


def installed() -> str:
    """Where the program is."""
    binary = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if binary is None:
        missing("pgbouncer is not installed")
    return binary


def version() -> tuple[int, ...]:
    """Of the program, as (1, 18, 0)."""
    said = subprocess.run([installed(), "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, said.split()[1].split(".")))


@asynccontextmanager
async def pgbouncer(
    behind: str, *, tcp: bool = False, connect_query: bool = True, at: Path | None = None, **settings: str
) -> AsyncIterator[PgBouncer]:
    """In front of the server of this URL, in transaction mode; `settings` as in pgbouncer.ini.

    Without the `connect_query` of that file, sessions are as PostgreSQL's configuration has them. `at`: the
    folder of its socket, if not one of its own.
    """
    binary = installed()
    async with room() as of:
        port = of.ports.take() if tcp else 0
        bouncer = PgBouncer(of, binary, behind, port, settings, connect_query=connect_query, at=at)
        try:
            await bouncer.start()
            yield bouncer
        finally:
            await bouncer._end()
