"""What `python -m realtime` takes: the commands, and what each asks for."""

import argparse
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, get_args

from core.probes import STEP_S
from core.vocabulary import Role

# Those that change an account, whether a server runs or not.
OPERATIONS = frozenset(
    {
        "role",
        "admin",
        "ban",
        "unban",
        "totp-off",
        "jobs",
        "data-keys",
        "import-places",
        "rebuild-journeys",
        "check-ledger",
    }
)
_LONGEST_D = 36_500
_MOST = 100_000


def parse(description: str | None, given: list[str] | None = None) -> argparse.Namespace:
    """What is asked for. A mistake ends the process with 2, and says what was meant."""
    parser = argparse.ArgumentParser("python -m realtime", description=description)
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser("serve", help="serve the page, Socket.IO and REST (the default)")
    commands.add_parser(
        "worker",
        help="do the jobs that wait, such as mail, and serve nobody; with the settings of the nodes",
    )
    echo = commands.add_parser(
        "echo",
        help="answer echo calls, in which users hear and see themselves; with the settings of the nodes",
    )
    echo.add_argument("--of-node", action="store_true", help=argparse.SUPPRESS)  # a node starts it so
    commands.add_parser(
        "matchmaker",
        help="find pairs for nodes with MATCHMAKER=apart, and serve nobody; of several, one works and the"
        " others are ready to take over; with the settings of the nodes",
    )
    commands.add_parser("settings", help="print the table of settings")
    commands.add_parser("push-key", help="print a new PUSH_WEB_KEY, for notifications to browsers")
    commands.add_parser("data", help="print what is kept of people, how it is erased, and for how long")
    _roles(commands)
    _bans(commands)
    _of_a_user(commands, "totp-off", "turn one-time codes off for somebody who has lost their phone")
    _jobs(commands)
    _data_keys(commands)
    _import_places(commands)
    _rebuild_journeys(commands)
    about = "see whether the ledger of rewards adds up, with the rewards and with the budgets; code 1: no"
    commands.add_parser("check-ledger", help=about, description=about)
    _probe(commands)
    _bots(commands)
    _demo(commands)
    return parser.parse_args(given)


def _of_a_user(commands: Any, name: str, about: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    command.add_argument("user", metavar="USER", help="id, email address or username of an account")
    return command


def _roles(commands: Any) -> None:
    role = _of_a_user(commands, "role", "give somebody a role; while a server runs, or not")
    words = get_args(Role)
    role.add_argument("role", metavar="ROLE", choices=words, help=f"one of: {', '.join(words)}")
    admin = _of_a_user(commands, "admin", "make somebody an admin: the same as `role USER admin`")
    admin.add_argument(
        "--role", choices=get_args(Role), default="admin", help="the role from now on (default: admin)"
    )


def _bans(commands: Any) -> None:
    ban = _of_a_user(
        commands,
        "ban",
        "ban somebody: what they are doing ends within a second; while a server runs, or not",
    )
    ban.add_argument(
        "--reason",
        default="Decided by the operator.",
        help="why; they read it (default: %(default)s)",
    )
    end = ban.add_mutually_exclusive_group()
    end.add_argument(
        "--until",
        type=datetime.fromisoformat,
        metavar="TIME",
        help="when it ends, such as 2026-01-31T12:00+00:00 (without a zone: UTC); default: never",
    )
    end.add_argument("--days", type=_days, metavar="N", help="how many days it lasts")
    _of_a_user(commands, "unban", "lift all bans of somebody, who may then sign in again")


def _days(text: str) -> int:
    days = int(text)
    if not 0 < days <= _LONGEST_D:
        raise argparse.ArgumentTypeError(f"between 1 and {_LONGEST_D} days")
    return days


def _jobs(commands: Any) -> None:
    about = "show how many jobs wait, and those that failed for good; let them begin again, or drop them"
    jobs = commands.add_parser("jobs", help=about, description=about)
    act = jobs.add_mutually_exclusive_group()
    for name, does in (("--again", "let them begin again"), ("--drop", "drop them")):
        act.add_argument(
            name,
            nargs="*",
            type=int,
            metavar="ID",
            help=f"of those that failed: {does}; without ID: all",
        )


def _data_keys(commands: Any) -> None:
    about = "encrypt what is stored of people with the first of DATA_KEYS, and see what is; while servers run"
    keys = commands.add_parser("data-keys", help=about, description=about)
    acts = keys.add_subparsers(dest="act", metavar="ACT", required=True)
    acts.add_parser("status", help="how many values there are under which key, and who has which")
    acts.add_parser(
        "encrypt",
        help="encrypt with the first key all that is in clear or under another one, and go on if broken off;"
        " without DATA_KEYS: seal anew, with SECRET, what SECRET_PREVIOUS has sealed",
    )
    acts.add_parser("rehash", help="change the key by which addresses and logins are found")


def _import_places(commands: Any) -> None:
    about = "add places from a file, or change those that came from it before; while a server runs, or not"
    places = commands.add_parser("import-places", help=about, description=about)
    places.add_argument("file", type=Path, metavar="FILE", help="GeoJSON (.geojson, .json) or CSV (.csv)")
    places.add_argument(
        "--source",
        metavar="NAME",
        help="where it comes from: the same name and id is the same place (default: the name of the file)",
    )
    places.add_argument(
        "--refused", type=Path, metavar="FILE", help="write all that was refused there, and why"
    )


def _rebuild_journeys(commands: Any) -> None:
    about = "fold all journeys anew from the check-ins on record, which changes nothing if all is well"
    commands.add_parser("rebuild-journeys", help=f"{about}; while servers run", description=about)


def _probe(commands: Any) -> None:
    about = "two synthetic users try the whole way of a running server; code 1: a step failed"
    probe = commands.add_parser("probe", help=about, description=about)
    probe.add_argument("--create", action="store_true", help="only open their accounts, once")
    probe.add_argument("--server", metavar="URL", help="where it runs (default: as PROBE_SERVER says)")
    probe.add_argument(
        "--step-s", type=float, default=STEP_S, help=f"seconds for each step (default: {STEP_S:g})"
    )
    probe.add_argument("--of-node", action="store_true", help=argparse.SUPPRESS)  # a node starts it so


def _bots(commands: Any) -> None:
    about = "simulated people who wait for somebody, talk, decide and chat; needs a server that runs"
    bots = commands.add_parser("bots", help=about, description=about)
    bots.add_argument("--server", metavar="URL", help="where it runs (default: localhost, at PORT)")
    bots.add_argument("--count", type=int, default=4, help="how many (default: 4)")
    bots.add_argument("--mode", choices=("voice", "video", "both"), default="both", help="(default: both)")
    bots.add_argument("--talk-s", type=float, default=120, help="seconds until one hangs up (default: 120)")
    bots.add_argument("--meet", action="store_true", help="let them meet each other too")


def _demo(commands: Any) -> None:
    about = (
        "fill a town to try the product in, and let some of its people wait for you in the queue: in the"
        " server that runs, or in one that is started for it; never in production"
    )
    demo = commands.add_parser("demo", help=about, description=about)
    demo.add_argument("--stop", action="store_true", help="take the town away, with all that was made for it")
    demo.add_argument(
        "--url",
        metavar="URL",
        help="where the server runs, whose settings these are too (default: localhost, at PORT, if one"
        " answers there; else one is started)",
    )
    demo.add_argument("--people", type=partial(_number, 6), default=300, help="how many (default: 300)")
    demo.add_argument("--places", type=partial(_number, 10), default=2000, help="how many (default: 2000)")
    demo.add_argument(
        "--seed", type=int, default=1, help="which town: the same seed is the same (default: 1)"
    )
    demo.add_argument(
        "--bots",
        type=partial(_number, 0),
        default=6,
        help="how many wait in the queue; 0: it ends when all is filled (default: 6)",
    )
    demo.add_argument("--of-node", action="store_true", help=argparse.SUPPRESS)  # who serves it starts it so


def _number(least: int, text: str) -> int:
    number = int(text)
    if not least <= number <= _MOST:
        raise argparse.ArgumentTypeError(f"between {least} and {_MOST:,}")
    return number
