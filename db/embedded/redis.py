"""The embedded Redis: it writes its append-only file every second and listens on a unix socket only."""

import asyncio
import signal
from pathlib import Path
from urllib.parse import quote

from redis.asyncio import Redis as Client
from redis.exceptions import RedisError

from db.embedded.account import SystemUser
from db.embedded.folder import make_private_folder
from db.embedded.process import Program
from db.embedded.supervisor import Run

CONFIGURATION = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "pidfile": "redis.pid",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "databases": "64",
    "dir": ".",
}
_SOCKET = "redis.sock"


def redis_url_at(sockets: Path) -> str:
    """The URL of the Redis whose socket is in this folder."""
    return f"unix://{quote(str(sockets / _SOCKET))}?db=0"


class Redis:
    """One Redis: which program runs it, and its URL."""

    name = "Redis"

    def __init__(self, data: Path, binary: Path, sockets: Path, account: SystemUser | None) -> None:
        self.folder = data / "redis"
        self.journal = data / "redis.log"
        self._binary = binary
        self._socket = sockets / _SOCKET
        self._account = account

    @property
    def url(self) -> str:
        """Its URL, for `redis.asyncio.from_url`; `?db=1` names another of its 64 databases."""
        return redis_url_at(self._socket.parent)

    @property
    def program(self) -> Program:
        """The server itself."""
        options = {**CONFIGURATION, "unixsocket": str(self._socket)}
        settings = [part for name, value in options.items() for part in (f"--{name}", value)]
        return Program(
            name=self.name,
            argv=(str(self._binary), *settings),
            folder=self.folder,
            journal=self.journal,
            stop_signal=signal.SIGTERM,
            account=self._account,
        )

    async def prepare(self, run: Run) -> None:  # noqa: ARG002 - there is nothing to run before it
        """Make the folder; Redis makes the file in it itself."""
        await asyncio.to_thread(make_private_folder, self.folder, self._account)

    async def answers(self) -> bool:
        """Whether it accepts commands; it does not while it loads its file."""
        client = Client.from_url(self.url, socket_timeout=5)
        try:
            return bool(await client.ping())
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()
