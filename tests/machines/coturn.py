"""The real coturn, with the configuration that `docker-compose.yml` mounts."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec import Struct

from tests.certificate import certificate
from tests.deploy.files import ROOT
from tests.machines.room import end, room, until
from tests.programs import missing

# As behind a network address translator: clients are told this address, and the machine has another one.
# It relays to itself all the same, for two of one call are often on one relay.
PUBLIC = "203.0.113.9"
_OWN = "127.0.0.1"


class Coturn(Struct, frozen=True):
    """Where it listens on this machine: `port` by UDP and TCP, `tls_port` by TLS."""

    port: int
    tls_port: int

    def urls(self) -> str:
        """As `TURN_URLS` has them."""
        return f"turn:{_OWN}:{self.port}?transport=udp,turn:{_OWN}:{self.port}?transport=tcp"


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(_OWN, port)
    except OSError:
        return False
    writer.close()
    return True


@asynccontextmanager
async def coturn(secret: str, *more: str) -> AsyncIterator[Coturn]:
    """On this machine, behind the address `PUBLIC`. `more` are options of this one alone."""
    found = shutil.which("turnserver")
    if found is None:
        missing("coturn is not installed")
    async with room() as of:
        there = Coturn(of.ports.take(), of.ports.take())
        place = of.place("coturn")
        pem = await asyncio.to_thread(certificate, place)
        own = (f"--userdb={place}/users", f"--pidfile={place}/pid", f"--cert={pem}", f"--pkey={pem}")
        here = (f"--listening-ip={_OWN}", f"--relay-ip={_OWN}", f"--external-ip={PUBLIC}/{_OWN}")
        ports = (f"--listening-port={there.port}", f"--tls-listening-port={there.tls_port}")
        given = ("-c", str(ROOT / "deploy" / "coturn" / "turnserver.conf"), f"--static-auth-secret={secret}")
        # A machine of its own is not on loopback, and needs none of these.
        loopback = ("--allow-loopback-peers", f"--allowed-peer-ip={_OWN}")
        child = of.start("coturn", place, found, *given, *here, *ports, *loopback, *own, *more, ours=True)
        try:
            await until(lambda: _listens(there.port), child)
            yield there
        finally:
            await end(child, of.watchdog)
