"""A Redis of one's own, to be maltreated: the embedded 6.2, or Debian's 7."""

import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from urllib.parse import quote

import psutil
from redis.asyncio import Redis
from redis.exceptions import RedisError

from db.embedded.binaries import locate
from db.embedded.process import Child
from tests.machines.room import Room, end, frozen, room, until
from tests.programs import missing

_AMONG_THEM = 10_000
DATA = ("appendonlydir", "appendonly.aof", "dump.rdb")


@cache
def _version(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.partition("v=")[2].partition(".")[0])


def redis_7() -> Path:
    """The `redis-server` on the PATH, if it is 7 or later."""
    found = shutil.which("redis-server")
    if found is None or _version(found) < 7:
        missing("redis-server 7 is not installed")
    return Path(found)


class RedisServer:
    """`url` is what a product is given; `near` leads there by the unix socket, whatever `url` is."""

    def __init__(
        self, of: Room, folder: Path, binary: Path, options: tuple[str, ...], *,
        password: str, tls: Path | None, tcp: bool, cluster: bool,
    ) -> None:  # fmt: skip
        self.folder, self.socket = folder, folder / "r.sock"
        self.port = 0
        self._room, self._binary, self._given = of, binary, options
        self._tcp, self._tls, self._password, self._cluster = tcp, tls, password, cluster
        self._child: Child | None = None

    @property
    def near(self) -> str:
        """By the unix socket, without TLS."""
        login = f":{quote(self._password, safe='')}@" if self._password else ""
        return f"unix://{login}{self.socket}?db=0"

    @property
    def url(self) -> str:
        """By TCP where it was asked for; by `rediss://` with the certificate that is to be trusted."""
        if not self.port:
            return self.near
        login = f":{quote(self._password, safe='')}@" if self._password else ""
        place = f"{login}127.0.0.1:{self.port}"
        return f"rediss://{place}?ssl_ca_certs={self._tls}" if self._tls else f"redis://{place}"

    @property
    def process(self) -> psutil.Process:
        """The one that answers."""
        assert self._child is not None
        return psutil.Process(self._child.pid)

    async def start(self) -> None:
        """Until it answers; again at the same port, if it has one."""
        if self._tcp and not self.port:  # a member of a cluster talks to the others at one that is higher
            self.port = self._room.ports.take(among_them=_AMONG_THEM if self._cluster else 0)
        self.socket.unlink(missing_ok=True)
        self._child = self._room.start(
            f"redis-{self.folder.name}", self.folder, str(self._binary), *self._options(), ours=True
        )
        await until(self._answers, self._child)

    def _options(self) -> list[str]:
        options = {"unixsocket": str(self.socket), "dir": str(self.folder), "bind": "127.0.0.1"}
        options |= {"port": "0" if self._tls else str(self.port)}
        if self._tls:
            options |= {"tls-port": str(self.port), "tls-auth-clients": "no"}
            options |= dict.fromkeys(("tls-cert-file", "tls-key-file", "tls-ca-cert-file"), str(self._tls))
        if self._password:
            options |= {"requirepass": self._password, "masterauth": self._password}
        return [word for name, value in options.items() for word in (f"--{name}", value)] + [*self._given]

    async def _answers(self) -> bool:
        with suppress(RedisError, OSError):
            async with Redis.from_url(self.near) as redis:
                return bool(await redis.ping())
        return False

    async def kill(self) -> None:
        """As by SIGKILL, also when it stands still."""
        await self._end()

    async def stop(self) -> None:
        """In good order: what it keeps is on the disk."""
        assert self._child is not None
        await self._child.stop(30)
        await self._end()

    async def restart(self, *, with_data: bool = True, how: signal.Signals = signal.SIGTERM) -> None:
        """Away for a moment; what it has kept on the disk (`appendonly`) is there again, or is not."""
        await (self.kill() if how == signal.SIGKILL else self.stop())
        if not with_data:
            self.forget()
        await self.start()

    async def replace(self, binary: Path) -> None:
        """By another version of the program, as an upgrade does."""
        await self.stop()
        self._binary = binary
        await self.start()

    def forget(self) -> None:
        """What it has kept on the disk is gone. It must not run."""
        for name in DATA:
            path = self.folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def frozen(self) -> AbstractContextManager[None]:
        """As by SIGSTOP, for as long as the block lasts."""
        return frozen(self.process.pid)

    async def _end(self) -> None:
        if self._child is not None:
            await end(self._child, self._room.watchdog)


@asynccontextmanager
async def redis_server(
    *options: str,
    binary: Path | None = None,
    password: str = "",
    tls: Path | None = None,
    tcp: bool = False,
    appendonly: bool = False,
) -> AsyncIterator[RedisServer]:
    """The embedded one unless `binary` is `redis_7()`. `tls`: certificate and key in one file."""
    async with room() as of:
        keeps = ("--appendonly", "yes", "--appendfsync", "everysec") if appendonly else ()
        async with redis_in(
            of, "redis", *keeps, *options, binary=binary, password=password, tls=tls, tcp=tcp
        ) as server:
            yield server


@asynccontextmanager
async def redis_in(
    of: Room, name: str, *options: str, binary: Path | None, password: str, tls: Path | None, tcp: bool,
    cluster: bool = False,
) -> AsyncIterator[RedisServer]:  # fmt: skip
    """One of several in a room."""
    found = binary or locate(postgres=False, redis=True).redis
    assert found is not None
    (folder := of.folder / name).mkdir()
    server = RedisServer(
        of, folder, found, options, password=password, tls=tls, tcp=tcp or tls is not None, cluster=cluster
    )
    try:
        await server.start()
        yield server
    finally:
        await server._end()
