"""Several bots at once, for developers who have nobody to talk to: `python -m realtime bots`."""

import asyncio
import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Literal

import aiohttp
import structlog
from msgspec import Struct

from core.tasks import until_one_fails
from realtime.peers.bot import Bot, Habits, Tracks
from realtime.peers.client import CommandRefused, PeerClient, SignedInUser

_NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gia", "Hugo", "Ivy", "Jan", "Kim", "Leo")
_MODES: tuple[Literal["video", "voice"], ...] = ("video", "voice")
_AGAIN_S = 2.0
_log = structlog.get_logger()


class Crowd(Struct, frozen=True, kw_only=True):
    """How many bots go to which server. With `meet` they meet each other too; else they wait for people."""

    server: str
    count: int = 4
    mode: Literal["voice", "video", "both"] = "both"
    talk_s: float = 120.0
    meet: bool = False


async def run(crowd: Crowd, kept: Path, chance: Random) -> None:
    """Until cancelled. `kept` is the file of their accounts: people meet the same bots again later."""
    people = _people(kept, crowd)
    # Two accounts on one device are never offered to each other.
    shared = f"bots-{secrets.token_hex(8)}"
    async with aiohttp.ClientSession() as web:
        lives = []
        for number, person in enumerate(people):
            device_id = f"{shared}-{number}" if crowd.meet else shared
            habits = Habits(mode=_mode(crowd, number), talk_s=crowd.talk_s)
            lives.append(live(crowd.server, web, person, device_id, habits, chance))
        await until_one_fails(*lives)


async def live(
    server: str,
    web: aiohttp.ClientSession,
    person: dict[str, Any],
    device_id: str,
    habits: Habits,
    chance: Random,
    tracks: Tracks | None = None,
) -> None:
    """Be this bot until the session is revoked, or this is cancelled. `person` is for `SignedInUser`."""
    account, name = SignedInUser(server, web, person), person.get("display_name", person["username"])
    while True:
        try:
            await account.enter()
            break
        except aiohttp.ClientError as error:
            _log.info("waiting for the server", server=server, error=str(error))
            await asyncio.sleep(_AGAIN_S)
        except CommandRefused as refused:
            _log.error("cannot sign in", bot=name, code=refused.code, sentence=str(refused))
            return
    async with PeerClient(server, account, device_id=device_id) as client:
        await Bot(name, account.id, client, habits, chance, tracks).run()


def _mode(crowd: Crowd, number: int) -> Literal["voice", "video"]:
    """The mode of this bot. With "both", each mode has a woman and a man in turn."""
    return _MODES[number // 2 % 2] if crowd.mode == "both" else crowd.mode


def _people(kept: Path, crowd: Crowd) -> Sequence[dict[str, Any]]:
    """The accounts for this server, the same each time. Passwords are made once and are stored in `kept`."""
    known = json.loads(kept.read_text()) if kept.exists() else {}
    people: list[dict[str, Any]] = known.setdefault(crowd.server, [])
    people.extend(_person(number) for number in range(len(people), crowd.count))
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.touch(mode=0o600)
    kept.write_text(json.dumps(known, indent=1))
    return people[: crowd.count]


def _person(number: int) -> dict[str, Any]:
    name, username = _NAMES[number % len(_NAMES)], f"bot_{secrets.token_hex(6)}"
    return {
        "email": f"{username}@example.org",
        "username": username,
        "password": secrets.token_urlsafe(24),
        "display_name": f"{name} (bot)",
        "birth_date": f"{1990 + number % 10}-06-15",
        "gender": ("female", "male")[number % 2],
    }
