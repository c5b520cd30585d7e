"""Runs a program until it is asked to stop."""

import asyncio
import signal
from contextlib import AbstractAsyncContextManager

import structlog

_log = structlog.get_logger()


async def serve(program: AbstractAsyncContextManager[str], name: str) -> None:
    """Run it until SIGINT or SIGTERM; it gives the address at which it answers."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with program as address:
        print(f"{name} is at {address}  (Ctrl-C stops it)", flush=True)
        await stop.wait()
        _log.info("Stopping: connections are closed, then the servers.")
