"""`python -m realtime` serves everything; `--help` lists the rest: settings, roles, bans, jobs, a demo."""

import argparse
import contextlib
import gc
import os
import sys
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import uvloop

from core import data_table, logs, settings_table, web_push_key
from core.environment import SettingsError, load
from core.garbage import collect_little
from core.probes import Done
from core.settings import Settings
from realtime.arguments import OPERATIONS, parse

_T = TypeVar("_T")
_TABLES = {
    "settings": settings_table.table,
    "data": data_table.table,
    "push-key": web_push_key.new_line,
}


def main() -> int:
    """The exit code."""
    gc.disable()  # what is imported stays: to look through it again and again is a tenth of a start
    asked = parse(__doc__)
    if asked.command in _TABLES:
        sys.stdout.write(_TABLES[asked.command]())
        return 0
    try:
        if asked.command == "echo" and asked.of_node:  # which has read them
            settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=Settings)
        else:
            settings = load(os.environ, Path(".env"))
    except SettingsError as mistakes:
        sys.stderr.write(f"These settings do not serve:\n{mistakes}\n")
        return 2
    logs.set_up(settings)
    if asked.command == "bots":
        return _send_bots(settings, asked)
    if asked.command == "probe" and not asked.create:
        return _probe(settings, asked)
    # Imported here: the table of settings needs none of it.
    from db.embedded.errors import EmbeddedError  # noqa: PLC0415
    from db.migrations.migrate import MigrationError  # noqa: PLC0415
    from db.outage import UnusableError  # noqa: PLC0415

    try:
        run = _operate if asked.command in {*OPERATIONS, "probe"} else _RUN.get(asked.command, _serve)
        return run(settings, asked)
    except (EmbeddedError, MigrationError, UnusableError, OSError) as error:
        sys.stderr.write(f"Cannot start: {error}\n")
        return 1


def _send_bots(settings: Settings, asked: argparse.Namespace) -> int:
    from random import SystemRandom  # noqa: PLC0415

    from realtime.peers.bots import Crowd, run  # noqa: PLC0415

    server = (asked.server or f"http://localhost:{settings.port}").rstrip("/")
    crowd = Crowd(server=server, count=asked.count, mode=asked.mode, talk_s=asked.talk_s, meet=asked.meet)
    with contextlib.suppress(KeyboardInterrupt):
        _run(run(crowd, Path(settings.data_dir) / "bots.json", SystemRandom()))
    return 0


def _probe(settings: Settings, asked: argparse.Namespace) -> int:
    from realtime.peers.probe import Probe, exit_code  # noqa: PLC0415

    if not settings.probe_secret:
        sys.stderr.write("PROBE_SECRET: needed, the same as that of the server\n")
        return 2
    server = (asked.server or settings.probed_url).rstrip("/")
    if asked.of_node:  # those who hold sockets come first
        os.nice(5)
    said = (lambda done: msgspec.json.encode(done).decode()) if asked.of_node else Done.line
    probe = Probe(server, settings.probe_secret, step_s=asked.step_s)
    return _run(exit_code(probe, lambda done: print(said(done), flush=True)))


def _serve(settings: Settings, _asked: argparse.Namespace) -> int:
    from composition import open_files  # noqa: PLC0415
    from composition.program import serve  # noqa: PLC0415
    from composition.realtime import running  # noqa: PLC0415

    open_files.for_a_server(settings)
    collect_little()
    _run(serve(partial(running, settings, echo_at_once=True), "Realtime Connect"))
    return 0


def _work(settings: Settings, _asked: argparse.Namespace) -> int:
    from composition import open_files  # noqa: PLC0415
    from composition.program import serve  # noqa: PLC0415
    from composition.worker import running  # noqa: PLC0415

    open_files.for_a_worker(settings)
    _run(serve(partial(running, settings), "A worker of Realtime Connect"))
    return 0


def _echo(settings: Settings, asked: argparse.Namespace) -> int:
    from composition import open_files  # noqa: PLC0415
    from composition.echo import running  # noqa: PLC0415
    from composition.program import serve  # noqa: PLC0415

    open_files.for_an_echo(settings)
    _run(serve(partial(running, settings, of_node=asked.of_node), "An echo of Realtime Connect"))
    return 0


def _match(settings: Settings, _asked: argparse.Namespace) -> int:
    from composition import open_files  # noqa: PLC0415
    from composition.matchmaker import running  # noqa: PLC0415
    from composition.program import serve  # noqa: PLC0415

    open_files.for_a_server(settings)
    collect_little()
    _run(serve(partial(running, settings), "A matchmaker of Realtime Connect"))
    return 0


def _operate(settings: Settings, asked: argparse.Namespace) -> int:
    from composition import open_files  # noqa: PLC0415
    from composition.operations import Refused, operate  # noqa: PLC0415

    open_files.for_a_command()
    try:
        said = _run(operate(settings, asked))
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        return refused.code
    sys.stdout.write(f"{said}\n")
    return 0


def _demo(settings: Settings, asked: argparse.Namespace) -> int:
    from demo.ways import run  # noqa: PLC0415

    collect_little()
    return run(settings, asked, _run)


def _run(program: Coroutine[Any, Any, _T]) -> _T:
    """To its end. All has been imported by now, and is never looked through for garbage."""
    gc.freeze()
    gc.enable()
    return uvloop.run(program)


_RUN = {"worker": _work, "echo": _echo, "matchmaker": _match, "demo": _demo}

sys.exit(main())
