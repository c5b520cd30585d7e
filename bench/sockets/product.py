"""The whole product as a server under measurement: its real boundary with one more command, `echo`.

The command goes the way of every command: Socket.IO, the connection's queue and rate limit, decoding into
its Struct, the table of handlers, the acknowledgement. Prints its port and access tokens, ends with stdin.
"""

import asyncio
import json
import sys
import tempfile

import aiohttp
import uvloop

from bench.accounts import register
from composition import realtime, services
from core import logs
from core.garbage import collect_little
from core.settings import Settings
from core.vocabulary import Id
from core.wire.message import Command, Wire
from realtime.gateway.caller import Caller

ACCOUNTS = 50


class Echoed(Wire):
    """What was sent."""

    call_id: Id
    audio: bool
    video: bool


class Echo(Command, event="echo", reply=Echoed):
    """As much as `call:media` says."""

    call_id: Id
    audio: bool
    video: bool


class EchoServices(services.Services):
    """The product's, and one handler more."""

    def handlers(self) -> tuple[object, ...]:
        return (*super().handlers(), self)

    async def echo(self, _caller: Caller, command: Echo) -> Echoed:
        return Echoed(call_id=command.call_id, audio=command.audio, video=command.video)


async def serve(connections: int) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = Settings(
            port=0,
            data_dir=folder,
            log_level="ERROR",
            rate_limits="off",
            password_memory_kib=1024,
            max_connections_a_user=connections // ACCOUNTS + 1,
        )
        logs.set_up(settings)
        async with realtime.running(settings, services=EchoServices) as address:
            async with aiohttp.ClientSession() as web:
                tokens = [
                    (await register(web, address, number))["access_token"] for number in range(ACCOUNTS)
                ]
            print(json.dumps({"port": int(address.rsplit(":", 1)[1]), "tokens": tokens}), flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    collect_little()  # as `python -m realtime` does
    uvloop.run(serve(int(sys.argv[1])))
