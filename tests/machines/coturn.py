"""The real coturn, with the configuration that `docker-compose.yml` mounts."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.deploy.files import ROOT
from tests.machines.room import end, free_port, room, until
from tests.programs import missing


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


@asynccontextmanager
async def coturn(secret: str) -> AsyncIterator[int]:
    """The port at which it listens on this machine, by UDP and TCP."""
    found = shutil.which("turnserver")
    if found is None:
        missing("coturn is not installed")
    port = free_port()
    async with room() as of:
        place = of.place("coturn")
        own = (f"--userdb={place}/users", f"--pidfile={place}/pid")
        here = ("--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={port}")
        given = ("-c", str(ROOT / "deploy" / "coturn" / "turnserver.conf"), f"--static-auth-secret={secret}")
        child = of.start("coturn", place, found, *given, *here, *own, ours=True)
        try:
            await until(lambda: _listens(port), child)
            yield port
        finally:
            await end(child, of.watchdog)
