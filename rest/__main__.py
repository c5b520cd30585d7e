"""`python -m rest` serves the REST side alone, with the same settings as `python -m realtime`."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import uvloop

from core import logs
from core.environment import SettingsError, load
from core.settings import Settings
from db.embedded.errors import EmbeddedError
from db.migrations.migrate import MigrationError
from db.outage import UnusableError
from rest.app import running


async def _serve(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(settings) as address:
        print(f"Realtime Connect's REST side is at {address}  (Ctrl-C stops it)", flush=True)
        await stop.wait()


def main() -> int:
    """The exit code."""
    try:
        settings = load(os.environ, Path(".env"))
    except SettingsError as mistakes:
        sys.stderr.write(f"These settings do not serve:\n{mistakes}\n")
        return 2
    logs.set_up(settings)
    try:
        uvloop.run(_serve(settings))
    except (EmbeddedError, MigrationError, UnusableError, OSError) as error:
        sys.stderr.write(f"Cannot start: {error}\n")
        return 1
    return 0


sys.exit(main())
