"""`python -m realtime` serves everything; `--help` lists the rest: settings, roles, bans, jobs, bots."""

import argparse
import contextlib
import gc
import os
import sys
from functools import partial
from pathlib import Path

import uvloop

from core import data_table, logs, settings_table
from core.environment import SettingsError, load
from core.settings import Settings
from realtime.arguments import OPERATIONS, parse

_TABLES = {"settings": settings_table.table, "data": data_table.table}


def main() -> int:
    """The exit code."""
    asked = parse(__doc__)
    if asked.command in _TABLES:
        sys.stdout.write(_TABLES[asked.command]())
        return 0
    try:
        settings = load(os.environ, Path(".env"))
    except SettingsError as mistakes:
        sys.stderr.write(f"These settings do not serve:\n{mistakes}\n")
        return 2
    logs.set_up(settings)
    if asked.command == "bots":
        return _send_bots(settings, asked)
    # Imported here: the table of settings needs none of it.
    from db.embedded.errors import EmbeddedError  # noqa: PLC0415
    from db.migrations.migrate import MigrationError  # noqa: PLC0415
    from db.outage import UnusableError  # noqa: PLC0415

    try:
        if asked.command in OPERATIONS:
            return _operate(settings, asked)
        return _work(settings) if asked.command == "worker" else _serve(settings)
    except (EmbeddedError, MigrationError, UnusableError, OSError) as error:
        sys.stderr.write(f"Cannot start: {error}\n")
        return 1


def _send_bots(settings: Settings, asked: argparse.Namespace) -> int:
    from random import SystemRandom  # noqa: PLC0415

    from realtime.peers.bots import Crowd, run  # noqa: PLC0415

    server = (asked.server or f"http://localhost:{settings.port}").rstrip("/")
    crowd = Crowd(server=server, count=asked.count, mode=asked.mode, talk_s=asked.talk_s, meet=asked.meet)
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(run(crowd, Path(settings.data_dir) / "bots.json", SystemRandom()))
    return 0


def _serve(settings: Settings) -> int:
    from composition.program import serve  # noqa: PLC0415
    from composition.realtime import running  # noqa: PLC0415

    # Fewer, larger collections: nearly all that a server allocates lives as long as a connection.
    gc.set_threshold(20_000, 20, 50)
    uvloop.run(serve(partial(running, settings), "Realtime Connect"))
    return 0


def _work(settings: Settings) -> int:
    from composition.program import serve  # noqa: PLC0415
    from composition.worker import running  # noqa: PLC0415

    uvloop.run(serve(partial(running, settings), "A worker of Realtime Connect"))
    return 0


def _operate(settings: Settings, asked: argparse.Namespace) -> int:
    from composition.operations import Refused, operate  # noqa: PLC0415

    try:
        said = uvloop.run(operate(settings, asked))
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        return refused.code
    sys.stdout.write(f"{said}\n")
    return 0


sys.exit(main())
