"""`python -m realtime` serves everything; `--help` lists the rest: settings, admins, bans, bots."""

import argparse
import contextlib
import gc
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import uvloop

from core import logs
from core.clock import to_ms
from core.environment import SettingsError, load
from core.settings import Settings
from core.settings_table import table
from core.vocabulary import Role


def main() -> int:
    """The exit code."""
    asked = _arguments()
    if asked.command == "settings":
        sys.stdout.write(table())
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

    operations = {"admin": _give, "ban": _ban, "unban": _unban, "totp-off": _turn_codes_off}
    try:
        return operations[asked.command](settings, asked) if asked.command in operations else _serve(settings)
    except (EmbeddedError, MigrationError, UnusableError, OSError) as error:
        sys.stderr.write(f"Cannot start: {error}\n")
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m realtime", description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser("serve", help="serve the page, Socket.IO and REST (the default)")
    commands.add_parser("settings", help="print the table of settings")
    about = "make somebody an admin, or take that back; while a server runs, or not"
    admin = commands.add_parser("admin", help=about, description=about)
    admin.add_argument("login", help="email address or username of an account that exists")
    admin.add_argument(
        "--role",
        choices=get_args(Role),
        default="admin",
        help="the role from now on (default: admin)",
    )
    about = "ban somebody: what they are doing ends within a second or two; while a server runs, or not"
    ban = commands.add_parser("ban", help=about, description=about)
    ban.add_argument("login", help="email address or username of an account that exists")
    ban.add_argument("--reason", required=True, help="why, for those who look at it later")
    ban.add_argument(
        "--until",
        type=datetime.fromisoformat,
        metavar="TIME",
        help="when it ends, such as 2026-01-31T12:00+00:00 (without a zone: UTC); default: never",
    )
    about = "lift all bans of somebody, who may then sign in again"
    unban = commands.add_parser("unban", help=about, description=about)
    unban.add_argument("login", help="email address or username of an account that exists")
    about = "turn one-time codes off for somebody whose phone is lost; ask them who they are before"
    lost = commands.add_parser("totp-off", help=about, description=about)
    lost.add_argument("login", help="email address or username of an account that exists")
    about = "simulated people who wait for somebody, talk, decide and chat; needs a server that runs"
    bots = commands.add_parser("bots", help=about, description=about)
    bots.add_argument("--server", metavar="URL", help="where it runs (default: localhost, at PORT)")
    bots.add_argument("--count", type=int, default=4, help="how many (default: 4)")
    bots.add_argument("--mode", choices=("voice", "video", "both"), default="both", help="(default: both)")
    bots.add_argument("--talk-s", type=float, default=120, help="seconds until one hangs up (default: 120)")
    bots.add_argument("--meet", action="store_true", help="let them meet each other too")
    return parser.parse_args()


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
    uvloop.run(serve(running(settings), "Realtime Connect"))
    return 0


def _give(settings: Settings, asked: argparse.Namespace) -> int:
    from composition.operations import give_role  # noqa: PLC0415

    if not uvloop.run(give_role(settings, asked.login, asked.role)):
        return _nobody(asked.login)
    sys.stdout.write(f"The role of {asked.login} is now: {asked.role}.\n")
    return 0


def _ban(settings: Settings, asked: argparse.Namespace) -> int:
    from composition.operations import ban  # noqa: PLC0415
    from core.errors import InvalidRequest, NotFound  # noqa: PLC0415

    until = asked.until and (asked.until if asked.until.tzinfo else asked.until.replace(tzinfo=UTC))
    try:
        uvloop.run(ban(settings, asked.login, reason=asked.reason, until=until and to_ms(until)))
    except NotFound:
        return _nobody(asked.login)
    except InvalidRequest as mistake:
        sys.stderr.write(f"{mistake}\n")
        return 2
    sys.stdout.write(f"{asked.login} is banned{f' until {until.isoformat()}' if until else ''}.\n")
    return 0


def _unban(settings: Settings, asked: argparse.Namespace) -> int:
    from composition.operations import unban  # noqa: PLC0415
    from core.errors import NotFound  # noqa: PLC0415

    try:
        lifted = uvloop.run(unban(settings, asked.login))
    except NotFound:
        return _nobody(asked.login)
    sys.stdout.write(f"{asked.login} is banned no more.\n" if lifted else f"{asked.login} was not banned.\n")
    return 0


def _turn_codes_off(settings: Settings, asked: argparse.Namespace) -> int:
    from composition.operations import turn_codes_off  # noqa: PLC0415
    from core.errors import NotFound  # noqa: PLC0415

    try:
        were_on = uvloop.run(turn_codes_off(settings, asked.login))
    except NotFound:
        return _nobody(asked.login)
    sys.stdout.write(f"One-time codes of {asked.login} {'are off now' if were_on else 'were not on'}.\n")
    return 0


def _nobody(login: str) -> int:
    sys.stderr.write(f"Nobody signs in as {login!r}: register first.\n")
    return 1


sys.exit(main())
